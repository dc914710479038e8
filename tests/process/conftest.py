"""Fixtures of the process tests. Each test file stands alone and may run beside any other."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness.clients import Skopeo  # noqa: E402
from harness.server import berth_server  # noqa: E402


@pytest.fixture(scope="module")
def berth(tmp_path_factory):
    """One server for a file's tests, deletes allowed; ended cleanly after them."""
    directory = tmp_path_factory.mktemp("berth")
    with berth_server({"storage": {"delete": {"enabled": True}}}, directory=directory) as server:
        yield server


@pytest.fixture
def skopeo(tmp_path):
    return Skopeo(tmp_path)
