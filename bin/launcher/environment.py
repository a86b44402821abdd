"""The environment that the application reads: the user's own, completed from the data folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from launcher.embedded import APPLICATION, OWNER, Embedded
from launcher.place import Place
from launcher.words import LaunchError

DEFAULT_PORT = 8000
LAST_PORT = 65535


def port_of(environ: Mapping[str, str]) -> int:
    """Return the port asked for; LaunchError for what is not one."""
    value = environ.get("PORT") or str(DEFAULT_PORT)
    if not value.isascii() or not value.isdigit() or not 0 < int(value) <= LAST_PORT:
        raise LaunchError("PORT must be a number between 1 and 65535, not “{value}”.", value=value)
    return int(value)


@dataclass(frozen=True)
class Environment:
    """Who uses which servers, and the variables that say so to the application and to the owner of its tables."""

    place: Place
    given: Mapping[str, str]

    @property
    def own_postgres(self) -> bool:
        """Whether the embedded PostgreSQL is used."""
        return not self.given.get("DATABASE_URL")

    @property
    def own_redis(self) -> bool:
        """Whether the embedded Redis is used."""
        return not self.given.get("REDIS_URL")

    @property
    def port(self) -> int:
        return port_of(self.given)

    @property
    def site_url(self) -> str:
        return (self.given.get("SITE_URL") or f"http://localhost:{self.port}").rstrip("/")

    def application(self) -> dict[str, str]:
        """Return the environment of web, worker, scheduler and management commands. It lacks the owner's address."""
        embedded = Embedded(self.place)
        environ = dict(self.given)
        environ.pop("DATABASE_OWNER_URL", None)
        environ["REFAMP_DATA"] = str(self.place.data)
        environ["DJANGO_SETTINGS_MODULE"] = "refamp.settings"
        environ["PYTHONUNBUFFERED"] = "1"
        environ["SITE_URL"] = self.site_url
        environ["SECRET_KEY"] = self.given.get("SECRET_KEY") or self.place.secret("secret-key")
        if self.own_postgres:
            environ["DATABASE_URL"] = embedded.database_url(APPLICATION)
            environ["REFAMP_EMBEDDED"] = "1"  # demonstration data may go in
        if self.own_redis:
            environ["REDIS_URL"] = embedded.redis_url()
        return environ

    def owner(self) -> dict[str, str]:
        """Return the environment of what changes the tables, with the owner's address and the application's role."""
        environ = self.application()
        role = urlsplit(environ["DATABASE_URL"]).username or APPLICATION
        if self.own_postgres:
            environ["DATABASE_URL"] = Embedded(self.place).database_url(OWNER)
        elif self.given.get("DATABASE_OWNER_URL"):
            environ["DATABASE_URL"] = self.given["DATABASE_OWNER_URL"]
        environ["DATABASE_OWNER_URL"] = environ["DATABASE_URL"]
        environ["DATABASE_APPLICATION_ROLE"] = role
        return environ
