"""The conformance tests once more, against a server that wants a login."""

import os
import pathlib
import sys

import pytest

from harness.clients import run
from harness.server import program

TESTS = pathlib.Path(__file__).resolve().parents[1] / "conformance"


@pytest.mark.parametrize("login", ["password", "token"])
def test_conformance(login, tmp_path):
    """All but those about HTTP itself, which speak over bare sockets. To mount from just anywhere one must be allowed to read
    everything, which a token for one repository is not: the client uploads then."""
    files = sorted(path for path in TESTS.glob("test_*.py") if path.name != "test_http.py")
    left_out = ["-k", "not test_mount_without_from"] if login == "token" else []
    result = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", tmp_path / "run", *left_out, *files,
                 env={"BERTH_LOGIN": login, "BERTH": program(), "PYTEST_ADDOPTS": ""}, cwd=os.getcwd(), timeout=600, check=False)
    assert result.returncode == 0, result.stdout[-6000:]
