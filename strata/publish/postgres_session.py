"""A session of `strata publish` on PostgreSQL, whose errors are told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

from strata.postgres import VARIABLES, Server, first_line
from strata.publish.errors import PublishError


@contextmanager
def open_session(server: Server) -> Iterator[Any]:
    """Open a connection of psycopg2; what is not committed at the end never was.

    Raises
    ------
    PublishError
        If the server is not reachable, or for any error of it.
    """
    try:
        connection = server.connect("strata publish")
    except psycopg2.OperationalError as error:
        reason = first_line(error)
        raise PublishError(
            f"PostgreSQL is not reachable as {server} ({reason}); set {VARIABLES}"
        ) from error
    try:
        yield connection
    except psycopg2.errors.InsufficientPrivilege as error:
        raise PublishError(f"{server} may not publish: {first_line(error)}") from error
    except psycopg2.Error as error:
        raise PublishError(f"{server} refuses: {first_line(error)}") from error
    finally:
        connection.close()
