import pytest
from psycopg2.extensions import parse_dsn

from launcher.environment import Environment, port_of
from launcher.place import Place
from launcher.up import check_redis
from launcher.words import LaunchError


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path / "a folder")
    place.create()
    return place


def test_without_servers_the_embedded_ones_are_used_through_sockets(place):
    environment = Environment(place, {})
    environ = environment.application()
    assert environment.own_postgres
    assert environment.own_redis
    assert parse_dsn(environ["DATABASE_URL"])["host"] == str(place.run)
    assert parse_dsn(environ["DATABASE_URL"])["user"] == "refamp"
    assert environ["REDIS_URL"] == f"unix://{place.run}/redis.sock"
    assert environ["REFAMP_DATA"] == str(place.data)


def test_the_application_never_learns_the_address_of_the_owner(place):
    given = {"DATABASE_URL": "postgresql://web@db/x", "DATABASE_OWNER_URL": "postgresql://owner@db/x"}
    environment = Environment(place, given)
    assert "DATABASE_OWNER_URL" not in environment.application()
    assert environment.application()["DATABASE_URL"] == "postgresql://web@db/x"
    assert environment.owner()["DATABASE_URL"] == "postgresql://owner@db/x"
    assert environment.owner()["DATABASE_APPLICATION_ROLE"] == "web"


def test_one_role_may_serve_for_both(place):
    environment = Environment(place, {"DATABASE_URL": "postgresql://web@db/x"})
    assert environment.owner()["DATABASE_URL"] == "postgresql://web@db/x"


def test_embedded_roles_have_passwords_of_their_own(place):
    environment = Environment(place, {})
    application = parse_dsn(environment.application()["DATABASE_URL"])
    owner = parse_dsn(environment.owner()["DATABASE_URL"])
    assert owner["user"] == "refamp_owner"
    assert application["password"] != owner["password"]


def test_one_server_may_be_embedded_and_the_other_not(place):
    environment = Environment(place, {"REDIS_URL": "redis://queue:6379/0"})
    assert environment.own_postgres
    assert not environment.own_redis
    assert environment.application()["REDIS_URL"] == "redis://queue:6379/0"


def test_the_secret_key_is_the_given_one_or_stays_the_same(place):
    assert Environment(place, {"SECRET_KEY": "given"}).application()["SECRET_KEY"] == "given"
    assert Environment(place, {}).application()["SECRET_KEY"] == Environment(place, {}).application()["SECRET_KEY"]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://localhost:8000"),
        ({"PORT": "8001"}, "http://localhost:8001"),
        ({"SITE_URL": "https://refamp.example/", "PORT": "8001"}, "https://refamp.example"),
    ],
)
def test_the_address_follows_the_port(place, given, address):
    assert Environment(place, given).site_url == address


@pytest.mark.parametrize("value", ["0", "65536", "-1", "http", "8000 ", "²"])
def test_a_port_that_is_none_is_refused_in_plain_words(value):
    with pytest.raises(LaunchError, match="PORT"):
        port_of({"PORT": value})


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "unix:///nowhere/redis.sock", "nonsense"])
def test_a_redis_of_ones_own_that_does_not_answer_is_told_at_the_start(url):
    with pytest.raises(LaunchError, match="REDIS_URL"):
        check_redis(url)
