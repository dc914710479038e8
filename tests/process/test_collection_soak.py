"""The soak of the collector (tests/soak/collection_soak.py) for a short while; `make soak` runs it for long."""

import os
import pathlib
import subprocess
import sys

from harness.server import program

SOAK = pathlib.Path(__file__).resolve().parents[1] / "soak" / "collection_soak.py"


def soak(directory, *arguments):
    return subprocess.run([sys.executable, str(SOAK), "--program", program(), "--directory", str(directory), *arguments],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)


def test_nothing_acknowledged_is_lost_and_nothing_unused_stays(tmp_path):
    seconds = os.environ.get("BERTH_SOAK_SECONDS", "20")
    result = soak(tmp_path, "--seconds", seconds, "--kill-every", "2")
    print(result.stdout)
    assert result.returncode == 0, result.stdout[-4000:]
    assert "lost or wrong: 0" in result.stdout
