"""What every test stands on: a PostgreSQL database, one person per role, no network, no warnings."""

import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client, TransactionTestCase
from rest_framework.test import APIClient

from refamp.accounts.choices import ROLES_OF_A_MUNICIPALITY, ROLES_WITH_SECOND_FACTOR, Role
from refamp.accounts.models import User
from refamp.base.api import throttling
from refamp.jobs.actions import execute_job
from refamp.jobs.choices import JobState
from refamp.jobs.models import Job
from refamp.territory.models import Municipality
from tests.factories import AssignmentFactory, MunicipalityFactory, UserFactory

# Settings that only tests want. They stand here and not in settings.py, which knows nothing of tests.
FILES = tempfile.TemporaryDirectory(prefix="refamp-tests-")
settings.STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES.name}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
settings.STATIC_ROOT = Path(FILES.name) / "static"
settings.STATIC_ROOT.mkdir()
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
settings.CELERY_BROKER_URL = "memory://"

LOCAL = {"localhost", "127.0.0.1", "::1"}


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Nothing that a test does may leave this machine (the database driver connects below Python and is not met)."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOCAL:
            raise RuntimeError(f"A test tried to reach {address!r}.")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def tables_can_be_emptied() -> Iterator[None]:
    """Let the test runner empty the append-only tables after a transactional test; nobody else may."""
    tear_down = TransactionTestCase._fixture_teardown

    def emptied(self: TransactionTestCase) -> None:
        with pgtrigger.ignore():
            tear_down(self)

    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", emptied)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def fresh_cache() -> Iterator[None]:
    """Rate limits of one test are no concern of the next."""
    cache.clear()
    throttling.leases.clear()
    yield
    cache.clear()
    throttling.leases.clear()


@pytest.fixture
def municipality(db: None) -> Municipality:
    """The municipality that `technician`, `councillor` and `local_network` work for."""
    return MunicipalityFactory(name="Gondomar de Cá")


@pytest.fixture
def other_municipality(db: None) -> Municipality:
    return MunicipalityFactory(name="Valongo de Lá")


def enrol(user: User) -> str:
    """Give somebody a TOTP second factor; the answer is its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


@pytest.fixture
def person(municipality: Municipality) -> Callable[..., User]:
    """`person(Role.TECHNICIAN, place)`: somebody with a role, and with a second factor where the role owes one."""

    def make(role: Role, place: Municipality | None = None, *, second_factor: bool = True, **fields: Any) -> User:
        user = UserFactory(**fields)
        local = role in ROLES_OF_A_MUNICIPALITY
        AssignmentFactory(user=user, role=role, municipality=(place or municipality) if local else place)
        if role in ROLES_WITH_SECOND_FACTOR and second_factor:
            enrol(user)
        return user

    return make


@pytest.fixture
def technician(person: Callable[..., User]) -> User:
    return person(Role.TECHNICIAN, name="Teresa Técnica")


@pytest.fixture
def other_technician(person: Callable[..., User], other_municipality: Municipality) -> User:
    """A technician of another municipality."""
    return person(Role.TECHNICIAN, other_municipality, name="Olívia Outra")


@pytest.fixture
def unit_member(person: Callable[..., User]) -> User:
    return person(Role.UNIT_MEMBER, name="Mário Membro")


@pytest.fixture
def coordination(person: Callable[..., User]) -> User:
    return person(Role.COORDINATION, name="Clara Coordenação")


@pytest.fixture
def councillor(person: Callable[..., User]) -> User:
    return person(Role.COUNCILLOR, name="Vasco Vereador")


@pytest.fixture
def evaluator(person: Callable[..., User]) -> User:
    return person(Role.EVALUATOR, name="Ester Externa")


@pytest.fixture
def partner(person: Callable[..., User]) -> User:
    return person(Role.PARTNER, name="Paulo Parceiro")


@pytest.fixture
def local_network(person: Callable[..., User]) -> User:
    return person(Role.LOCAL_NETWORK, name="Rita Rede")


@pytest.fixture
def auditor(person: Callable[..., User]) -> User:
    return person(Role.AUDITOR, name="Augusto Auditor")


def sign_in(client: Client, user: User) -> None:
    """Log in as after a full login: the session remembers a second factor where the person has one."""
    client.force_login(user)
    if Authenticator.objects.filter(user=user).exists():
        session = client.session
        session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()


@pytest.fixture
def client_of(request: pytest.FixtureRequest) -> Callable[[User | str | None], Client]:
    """`client_of(user)` or `client_of("coordination")`: a browser of somebody who is logged in; None: of nobody."""

    def make(who: User | str | None) -> Client:
        client = Client()
        user = request.getfixturevalue(who) if isinstance(who, str) else who
        if user is not None:
            sign_in(client, user)
        return client

    return make


@pytest.fixture
def api_of(request: pytest.FixtureRequest) -> Callable[[User | str | None], APIClient]:
    """The same for the API, with JSON as its format."""

    def make(who: User | str | None) -> APIClient:
        client = APIClient()
        user = request.getfixturevalue(who) if isinstance(who, str) else who
        if user is not None:
            sign_in(client, user)
        return client

    return make


@pytest.fixture
def work(db: None) -> Iterator[Callable[[], list[str]]]:
    """`work()` does every job that is due, here and now, and answers the states they ended in.

    The second connection stands in for the first, for it would not see what this test has not committed.
    """
    second = connections["jobs"]
    connections["jobs"] = connections["default"]

    def do() -> list[str]:
        ended: list[str] = []
        while due := Job.objects.filter(state=JobState.QUEUED, run_after__isnull=True).order_by("id").first():
            ended.append(execute_job(public_id=due.public_id))
        return ended

    yield do
    connections["jobs"] = second
