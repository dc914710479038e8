"""Starts that must be refused."""

from typing import Tuple

from .server import Server


def refused_start(server: Server, seconds: float = 20) -> Tuple[int, str]:
    """Starts a server that must not come up; returns its exit code and all that it said."""
    process = server.spawn()
    try:
        code = process.wait(seconds)
    finally:
        server.kill()
    server.check_log()
    return code, server.log


def one_line(said: str) -> str:
    """The refusal: one line, no trace."""
    lines = [line for line in said.splitlines() if line.strip()]
    assert len(lines) == 1, said
    return lines[0]
