"""A whole platform with its worker and its demonstration data, and people who sit in front of it.

`JOURNEYS_DATA=FOLDER` lets the journeys run on a `bin/up` that already runs on that data folder.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from launcher.browser import find_browser
from refamp.lobby.management.commands.demo import current_code
from tests.journeys.driving import AXE, WIDE, Complaints, Person
from tests.running import Running, environment_for, holder, running_platform, wait_for

HERE = Path(__file__).parent
STEP_SECONDS = 30  # how long a TOTP code lives


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser(os.environ)
    if path is None or not AXE.exists():
        lacks = "Chromium (set CHROMIUM or install one)" if path is None else "axe-core (bin/test installs it)"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"The journeys need {lacks}.")
        pytest.skip(f"The journeys need {lacks}.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def platform(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`bin/up` on a throwaway data folder, or the one that JOURNEYS_DATA names."""
    if given := os.environ.get("JOURNEYS_DATA"):
        data = Path(given)
        port = int(str(holder(data)["address"]).rpartition(":")[2])
        with subprocess.Popen([sys.executable, "-c", ""]) as nothing:
            yield Running(data, port, nothing, environment_for(data, port), data / "up.log")
        return
    folder = Path(tmp_path_factory.mktemp("j"))
    try:
        with running_platform(folder) as running:
            yield running
            running.stop(signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def logins(platform: Running) -> dict[str, dict[str, str]]:
    return json.loads((platform.data / "demo-logins.json").read_text())


class Door:
    """Lets people in: each logs in once, by keyboard, and is then remembered as by a browser that stays open."""

    def __init__(self, browser: Browser, platform: Running, logins: dict[str, dict[str, str]]) -> None:
        self.browser, self.platform, self.logins = browser, platform, logins
        self.kept: dict[str, dict] = {}
        self.complaints: list[Complaints] = []
        self.contexts: list = []

    def open(self, key: str | None, *, width: int = WIDE, **options: object) -> Person:
        """A browser of somebody who is logged in; None: of nobody. `options` are those of a browser context."""
        if key is not None and key not in self.kept:
            person = self.open(None)
            self.log_in(person, key)
            self.kept[key] = person.page.context.storage_state()
        options = {"locale": "pt-PT", "color_scheme": "light"} | options
        context = self.browser.new_context(
            viewport={"width": width, "height": 800}, storage_state=self.kept.get(key or ""), **options
        )
        context.set_default_timeout(30_000)
        self.contexts.append(context)
        complaints = Complaints(context, self.platform.address)
        self.complaints.append(complaints)
        script = bool(options.get("java_script_enabled", True))
        return Person(context.new_page(), self.platform.address, complaints, script=script)

    def log_in(self, person: Person, key: str) -> None:
        """From the start page to inside, with password and, where there is one, the code of the app."""
        known = self.logins[key]
        person.visit("/")
        person.follow("header a[href='/conta/login/']")
        person.look()
        person.write("#id_login", f"{key}@demo.invalid")
        person.write("#id_password", known["password"])
        person.send("main form:has(#id_password)")
        if "totp" in known:
            assert person.path.startswith("/conta/2fa/authenticate/")
            person.look()
            for _attempt in range(2):
                person.write("#id_code", current_code(known["totp"]))
                person.send("main form:has(#id_code)")
                if "/2fa/" not in person.path:
                    break
                time.sleep(STEP_SECONDS - time.time() % STEP_SECONDS + 0.5)  # a code works once
        assert person.path == "/", person.text("main")

    def close(self) -> list[str]:
        for context in self.contexts:
            context.close()
        lines = dict.fromkeys(line for one in self.complaints for line in one.lines)
        self.contexts, self.complaints = [], []
        return list(lines)


@pytest.fixture(scope="session")
def everybody(browser: Browser, platform: Running, logins: dict[str, dict[str, str]]) -> Door:
    return Door(browser, platform, logins)


@pytest.fixture
def someone(everybody: Door) -> Iterator[Callable[..., Person]]:
    """`someone("coordenacao")`: their browser. At the end none of the browsers may have complained."""
    yield everybody.open
    lines = everybody.close()
    assert not lines, "\n".join(lines)


@pytest.fixture
def letters(platform: Running) -> Callable[[str], list[str]]:
    """`letters(address)`: the texts of the messages to that address, once there is one."""

    def found(address: str) -> list[str]:
        texts = []
        for path in sorted((platform.data / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime):
            message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
            if address in str(message["To"]):
                body = message.get_body(("plain",))
                texts.append(body.get_content() if body else "")
        return texts

    def wait(address: str) -> list[str]:
        wait_for(lambda: found(address), 60, f"a message to {address}")
        return found(address)

    return wait


ARRANGED = """
import json
from datetime import timedelta
from django.utils import timezone
from axes.actions.answers import enter_answers
from axes.actions.code_book import propose_code_book
from axes.actions.consultation import create_consultation, open_consultation
from axes.choices import Channel, Group, Scale
from axes.models import Framework
from refamp.accounts.models import User
from refamp.territory.models import Municipality

runs = User.objects.get(email="coordenacao2@demo.invalid")
today, edition = timezone.localdate(), Framework.objects.get(state="in_force")
places = list(Municipality.objects.filter(valid_to__isnull=True).order_by("code"))
made = {}
for name, title in (("coding", "Vinte textos"), ("form", "Formulário público"), ("stale", "Duas pessoas")):
    one = create_consultation(
        actor=runs, framework=edition, title=f"{title} {timezone.now():%H:%M:%S}", description="Para os percursos.",
        phase=("Única", today, today + timedelta(days=9)),
    )
    propose_code_book(actor=runs, consultation=one)
    made[name] = str(one.public_id)
    if name != "stale":
        one.refresh_from_db()
        open_consultation(actor=runs, consultation=one)
    if name == "coding":
        one.refresh_from_db()
        for number in range(20):
            enter_answers(
                actor=runs, consultation=one, channel=Channel.INTERVIEW, reference=f"autor-{number}",
                municipality=places[number % 17], group=Group.ELECTED, mentions=[],
                texts={Scale.METROPOLITAN: f"Texto número {number:02d}"},
            )
print("MADE", json.dumps(made))
"""


@pytest.fixture(scope="session")
def arranged(platform: Running) -> dict[str, str]:
    """Three consultations that other journeys begin with: name → its id."""
    printed = platform.manage("shell", "-v", "0", "-c", ARRANGED)
    return json.loads(printed.partition("MADE ")[2])
