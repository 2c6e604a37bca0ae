"""The PostgreSQL server that the environment names, as `profiles/profiles.yml` does."""

import os
from dataclasses import dataclass
from typing import Any, Final

import psycopg2

SETTINGS: Final = {
    "host": ("STRATA_PG_HOST", "127.0.0.1"),
    "port": ("STRATA_PG_PORT", "5432"),
    "user": ("STRATA_PG_USER", "strata"),
    "password": ("STRATA_PG_PASSWORD", "strata"),
    "dbname": ("STRATA_PG_DATABASE", "strata"),
}
"""Parameters of the connection: the variable of each, and its default."""
VARIABLES: Final = ", ".join(variable for variable, _ in SETTINGS.values())
"""What to set if the server is not there."""
WAIT: Final = 10
"""Seconds until a server that does not answer is not there."""


@dataclass(frozen=True)
class Server:
    """A server and who uses it."""

    host: str
    port: str
    user: str
    password: str
    dbname: str

    @classmethod
    def of_environment(cls) -> "Server":
        """Return the server that the environment names."""
        return cls(**{name: os.environ.get(*setting) for name, setting in SETTINGS.items()})

    def __str__(self) -> str:
        """Name it without the password."""
        return f"{self.user}@{self.host}:{self.port}/{self.dbname}"

    def connect(self, application: str) -> Any:
        """Open a connection of psycopg2; close it yourself.

        Raises
        ------
        psycopg2.OperationalError
            If the server is not there or lets nobody in.
        """
        return psycopg2.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.dbname,
            connect_timeout=WAIT,
            application_name=application,
            client_encoding="UTF8",
        )


def first_line(error: Exception) -> str:
    """Return what an error says in its first line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
