"""Free ports of the loopback interface."""

import socket
from typing import Final

HOST: Final = "127.0.0.1"
"""The only interface that the servers listen on."""


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
