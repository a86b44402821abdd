import signal
import subprocess

import pytest

from tests.running import ROOT, environment_for, free_port, holder, running_platform, wait_for

PARTS = ("/bin/postgres ", "valkey-server ", "gunicorn ", " worker ", " beat ")


@pytest.mark.services
def test_what_is_killed_comes_back_and_nothing_outlives_the_end(tmp_path):
    with running_platform(tmp_path, "--no-demo") as running:
        assert running.answers()
        assert holder(running.data)["pid"] == running.process.pid
        again = subprocess.run([ROOT / "bin" / "up"], env=running.environ, capture_output=True, text=True, check=False)
        assert again.returncode == 1
        assert f"already running here (process {running.process.pid}): {running.address}" in again.stderr
        busy = environment_for(tmp_path / "other", running.port)
        taken = subprocess.run([ROOT / "bin" / "up"], env=busy, capture_output=True, text=True, check=False)
        assert taken.returncode == 1
        assert f"PORT={running.port + 1} bin/up" in taken.stderr

        running.manage("shell", "-c", "from django.contrib.auth.models import Group; Group.objects.create(name='kept')")
        old = {part: running.kill(part) for part in PARTS}
        for part, pid in old.items():
            wait_for(lambda part=part, pid=pid: running.pids(part) not in ([], [pid]), 30, f"{part} is back")
        wait_for(running.answers, 60, "the web server answers again")
        script = "from django.contrib.auth.models import Group; print(Group.objects.get().name)"
        assert running.manage("shell", "-v", "0", "-c", script) == "kept\n"
        everything = [pid for part in PARTS for pid in running.pids(part)]
        everything += [below for pid in everything for below in running.children(pid)]
        assert running.stop(signal.SIGINT) == 0
        assert "Nothing is left running." in running.log.read_text()
        assert [pid for pid in everything if (ROOT / "/proc" / str(pid)).exists()] == []


@pytest.mark.services
def test_a_management_command_starts_the_services_and_stops_them_again(tmp_path):
    data = tmp_path / "data"
    environ = environment_for(data, free_port())
    command = [
        ROOT / "bin" / "manage",
        "shell",
        "-v",
        "0",
        "-c",
        "from django.conf import settings; print(settings.DEBUG)",
    ]
    result = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert result.stdout == "False\n", result.stderr
    wait_for(lambda: not (data / "postgres" / "postmaster.pid").exists(), 30, "PostgreSQL has stopped")
