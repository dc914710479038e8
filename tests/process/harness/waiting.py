"""Polling with a deadline: tests wait for what they need, never for a length of time."""

import time
from typing import Callable, TypeVar

Value = TypeVar("Value")


def wait_for(what: str, probe: Callable[[], Value], seconds: float = 20.0, pause: float = 0.01) -> Value:
    """Calls `probe` until it gives something true and returns that; AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}, in vain")
        time.sleep(pause)
