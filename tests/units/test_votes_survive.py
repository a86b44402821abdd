"""Seventeen councillors vote over HTTP while the chair closes and the web process is killed with -9.

Afterwards plan and deliberation agree, and so do the votes and what was announced, whenever the blow fell.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from refamp.accounts.models import User
from tests.factories import ActionFactory, ActionPlanFactory
from tests.running import free_port
from tests.units.voting import Chamber, chamber, proposal
from units.actions.votes import close_voting, open_voting
from units.choices import DecisionRule, DeliberationState, PlanState, SubjectKind
from units.models import ActionPlan, Deliberation, PlanVersion, RegisterNumber

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


class Web:
    """A real gunicorn on the test's database."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        at = connection.settings_dict
        dsn = {
            "dbname": at["NAME"],
            "user": at["USER"],
            "password": at["PASSWORD"],
            "host": at["HOST"],
            "port": at["PORT"],
        }
        environ = os.environ | {
            "DATABASE_URL": " ".join(f"{name}={value}" for name, value in dsn.items() if value),
            "REFAMP_DATA": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "refamp.settings",
            "PYTHONPATH": str(ROOT),
        }
        command = [
            sys.executable, "-m", "gunicorn", "refamp.wsgi:application", "--bind", f"127.0.0.1:{self.port}",
            "--workers", "2", "--threads", "4", "--worker-tmp-dir", str(self.folder),
        ]  # fmt: skip
        with (self.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        pytest.fail((self.folder / "web.log").read_text()[-3000:])

    def kill(self) -> None:
        """The whole group at once, without a farewell."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    made = Web(tmp_path_factory.mktemp("w"))
    try:
        yield made
    finally:
        made.kill()


class Browser:
    """The cookies of somebody who is logged in, and what a form needs."""

    def __init__(self, user: User, client_of: Callable[[User], Client], port: int) -> None:
        self.cookies = {"sessionid": client_of(user).cookies["sessionid"].value, "csrftoken": "a" * 32}
        self.port = port

    def post(self, path: str, **fields: str) -> int:
        """The status of the answer; 0 where the process died before it gave one."""
        body = urlencode(fields | {"csrfmiddlewaretoken": self.cookies["csrftoken"]})
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
            "Host": f"localhost:{self.port}",
            "Origin": f"http://localhost:{self.port}",
        }
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as link:
                link.request("POST", path, body, headers)
                with link.getresponse() as answer:
                    return answer.status
        except (OSError, http.client.HTTPException):
            return 0


def voting(here: Chamber) -> tuple[Deliberation, ActionPlan]:
    """A plan before the Council, its vote open."""
    plan = ActionPlanFactory(state=PlanState.BEFORE_COUNCIL)
    ActionFactory(plan=plan)
    found = proposal(here, subject_kind=SubjectKind.PLAN, plan=plan, rule=DecisionRule.SIMPLE_MAJORITY)
    return open_voting(actor=here.president, deliberation=found), plan


def check_agreement(found: Deliberation, plan: ActionPlan) -> str:
    """Fails unless everything says the same; answers the state of the deliberation."""
    found.refresh_from_db()
    plan.refresh_from_db()
    cast = {value: found.votes.filter(value=value).count() for value in ("for", "against", "abstain")}
    versions = PlanVersion.objects.filter(plan=plan, deliberation=found).count()
    if found.state == DeliberationState.VOTING:
        assert (plan.state, versions, found.number, found.votes_for) == (PlanState.BEFORE_COUNCIL, 0, None, None)
    else:
        assert cast == {"for": found.votes_for, "against": found.votes_against, "abstain": found.abstentions}
        passed = found.state == DeliberationState.PASSED
        assert (plan.state, versions) == ((PlanState.APPROVED, 1) if passed else (PlanState.RETURNED, 0))
        assert found.number is not None
    return found.state


def vote_and_kill(web: Web, people: list[Browser], found: Deliberation, delay: float | None) -> list[int]:
    """Everybody votes at once, the chair closes among them; after `delay` seconds the blow. The answers' statuses."""
    statuses = [0] * (len(people) + 1)
    gate = threading.Barrier(len(people) + 2)

    def run(place: int, act: Callable[[], int]) -> None:
        gate.wait(timeout=30)
        statuses[place] = act()

    def cast(person: Browser) -> Callable[[], int]:
        return lambda: person.post(f"/deliberacoes/{found.public_id}/ficha/", value="for", declaration="", conflict="")

    def close() -> int:
        time.sleep(0.15)
        return people[0].post(f"/deliberacoes/{found.public_id}/fechar/", version="")

    acts: list[Any] = [*(cast(person) for person in people), close]
    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    gate.wait(timeout=30)
    if delay is not None:
        time.sleep(delay)
        web.kill()
    for thread in threads:
        thread.join(timeout=60)
    return statuses


def test_plan_and_deliberation_agree_after_a_kill_whenever_it_falls(web: Web, client_of: Any) -> None:
    here = chamber(17)
    people = [Browser(person, client_of, web.port) for person in here.people]
    closed = votes = 0
    for delay in (0.15, 0.4, 0.9, None):
        found, plan = voting(here)
        web.start()
        # Warm, so that the blow falls among votes and not among imports.
        end = time.monotonic() + 90
        while people[0].post("/deliberacoes/", a="b") != 405:
            assert time.monotonic() < end, (web.folder / "web.log").read_text()[-3000:]
            time.sleep(0.2)
        statuses = vote_and_kill(web, people, found, delay)
        if delay is None:
            # Nobody was killed: each vote was counted, or refused because the chair was faster; the close was answered.
            assert set(statuses) <= {302, 200}
        web.kill()
        if check_agreement(found, plan) == DeliberationState.VOTING:
            close_voting(actor=here.vice, deliberation=found)
            check_agreement(found, plan)
        closed += 1
        votes += found.votes.filter(value="for").count()
    assert votes > 0
    numbers = sorted(Deliberation.objects.values_list("number", flat=True))
    assert numbers == list(range(1, closed + 1))
    assert RegisterNumber.objects.get().last == closed
