import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from launcher.processes import delay_after, descendants, guarded, tail
from launcher.trial import names_tests, outcome, pytest_runs

ROOT = Path(__file__).resolve().parents[2]


def test_the_wait_before_a_restart_doubles_up_to_half_a_minute():
    assert [delay_after(failures) for failures in (1, 2, 3, 4, 5, 6, 7, 8, 99)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_the_tail_of_a_log_is_its_last_lines_and_of_no_log_nothing(tmp_path):
    (tmp_path / "log").write_text("a\nb\nc\n")
    assert tail(tmp_path / "log", 2) == "b\nc"
    assert tail(tmp_path / "none") == ""


def test_a_guarded_command_hands_on_its_exit_code_and_its_output():
    command = guarded([sys.executable, "-c", "print('x'); raise SystemExit(3)"], user="-")
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (3, "x\n")


def test_a_guarded_child_dies_with_its_parent_however_that_dies():
    child = guarded(
        [sys.executable, "-c", "import time; time.sleep(60)"], user="-", death_signal=signal.SIGKILL, parent=0
    )
    child[child.index("0")] = "{pid}"
    script = (
        "import os, subprocess, time\n"
        f"command = [part.replace('{{pid}}', str(os.getpid())) for part in {child!r}]\n"
        "print(subprocess.Popen(command, stdout=subprocess.DEVNULL).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    deadline = time.monotonic() + 20
    while b"sleep" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0--\0")[-1]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    assert pid in descendants(parent.pid)
    parent.kill()
    parent.communicate()
    while Path(f"/proc/{pid}").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_guarded_child_whose_parent_is_gone_does_not_start():
    command = guarded([sys.executable, "-c", "print('started')"], user="-", parent=1 if os.getppid() != 1 else 2)
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")


def test_all_tests_run_on_two_workers_and_the_journeys_in_one_process():
    everything, journeys = pytest_runs(["-x"], ROOT, browser=True)
    assert everything == ["-n", "2", "--dist", "loadfile", "--ignore=tests/journeys", "-x"]
    assert journeys == ["tests/journeys", "-x"]


def test_tests_that_are_named_run_as_named():
    assert pytest_runs(["tests/launch", "-k", "x"], ROOT, browser=True) == [["tests/launch", "-k", "x"]]
    assert names_tests(["tests/launch/test_place.py::test_a"], ROOT)
    assert not names_tests(["-k", "no_such_file"], ROOT)


def test_one_exit_code_speaks_for_all_runs():
    assert outcome([0, 0]) == 0
    assert outcome([0, 5]) == 0
    assert outcome([5, 5]) == 5
    assert outcome([1, 0]) == 1
    assert outcome([0, 2]) == 2
