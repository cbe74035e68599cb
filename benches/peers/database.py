"""The private PostgreSQL that usciere and every peer are measured on: as durable as a real one, with the settings of
the one that usciere starts for itself (src/dev/postgres.rs)."""

import contextlib
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from processes import Failed, finish, owner, running, wait_for

POSTGRES = {
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "300",
    "shared_buffers": "512MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "listen_addresses": "",
}


@dataclass
class Database:
    """Reached by its socket, which spares everybody TCP's delays."""

    socket: Path

    def url(self, name):
        return f"postgres://postgres@localhost/{name}?host={self.socket}"

    def ask(self, statement, name="postgres"):
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            return connection.execute(statement)

    def create(self, name):
        self.ask(f"create database {name}")

    def drop(self, name):
        """So that nobody's vacuum works while the next is measured."""
        self.ask(f"drop database {name} with (force)")
        self.ask("checkpoint")


@contextlib.contextmanager
def postgres(folder):
    programs = subprocess.run(["scripts/find-postgres"], capture_output=True, text=True, check=False).stdout.strip()
    if not programs:
        raise Failed("PostgreSQL is not installed: run scripts/setup")
    data, options = folder / "pg", {"as_user": owner(), "folder": folder}
    initdb = [f"{programs}/initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust"]
    finish([*initdb, "--encoding=UTF8", "--no-locale"], folder / "initdb.log", 60, **options)
    settings = {**POSTGRES, "unix_socket_directories": folder}
    command = [f"{programs}/postgres", "-D", data, *(f"--{key}={value}" for key, value in settings.items())]
    with running(command, folder / "postgres.log", stop=signal.SIGINT, **options) as server:
        database = Database(folder)
        wait_for(lambda: answers(database), "PostgreSQL", server)
        # A new server zeroes each segment of its log while somebody waits; one that has run for a while does not.
        database.ask(
            "select count(pg_logical_emit_message(false, 'peers', repeat('.', 1048576))) from generate_series(1, 600)"
        )
        database.ask("checkpoint")
        yield database


def answers(database):
    with contextlib.suppress(psycopg.OperationalError):
        return database.ask("select 1").fetchone() == (1,)
    return False
