"""Free ports on 127.0.0.1 for servers that tests start."""

import random
import socket

# Below Linux's ephemeral range (32768-60999), so that a client's own port never takes one between choice and use.
_LOWEST = 15000
_HIGHEST = 32000


def free_port() -> int:
    """A port that was free a moment ago. Callers that lose the race get "address in use" from their server and ask again."""
    for _ in range(200):
        port = random.SystemRandom().randint(_LOWEST, _HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on 127.0.0.1")
