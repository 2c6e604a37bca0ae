"""The PostgreSQL server that the environment names, and its errors in one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2

from strata.publish.errors import PublishError


@dataclass(frozen=True)
class Server:
    """Where to publish to, by the settings of the target `postgres` of dbt."""

    host: str
    port: str
    user: str
    password: str
    database: str

    @classmethod
    def of_environment(cls) -> "Server":
        """Return the server that the environment names; the defaults are those of dbt."""
        return cls(
            os.environ.get("STRATA_PG_HOST", "127.0.0.1"),
            os.environ.get("STRATA_PG_PORT", "5432"),
            os.environ.get("STRATA_PG_USER", "strata"),
            os.environ.get("STRATA_PG_PASSWORD", "strata"),
            os.environ.get("STRATA_PG_DATABASE", "strata"),
        )

    def __str__(self) -> str:
        """Name it without the password."""
        return f"{self.user}@{self.host}:{self.port}/{self.database}"

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Open a connection of psycopg2; what is not committed at the end never was.

        Raises
        ------
        PublishError
            If the server is not reachable, or for any error of it.
        """
        try:
            connection = psycopg2.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                dbname=self.database,
                connect_timeout=10,
                application_name="strata publish",
                client_encoding="utf8",
            )
        except psycopg2.OperationalError as error:
            raise PublishError(
                f"PostgreSQL is not reachable as {self} ({_first_line(error)}); set STRATA_PG_HOST,"
                " STRATA_PG_PORT, STRATA_PG_USER, STRATA_PG_PASSWORD and STRATA_PG_DATABASE"
            ) from error
        try:
            yield connection
        except psycopg2.errors.InsufficientPrivilege as error:
            raise PublishError(f"{self} may not publish: {_first_line(error)}") from error
        except psycopg2.Error as error:
            raise PublishError(f"{self} refuses: {_first_line(error)}") from error
        finally:
            connection.close()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
