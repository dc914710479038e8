"""Fixtures of the conformance tests: one server for a file, a repository of its own for each test."""

import functools
import itertools
import os
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "process"))

from harness.access import LoggedInHttp, write_htpasswd  # noqa: E402
from harness.repository import Repository  # noqa: E402
from harness.server import berth_server  # noqa: E402

_numbers = itertools.count()

# "password" or "token": the same tests against a server that wants a login, by a client that has one.
LOGIN = os.environ.get("BERTH_LOGIN", "")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Deletes are on; everything else is as out of the box."""
    config = {"storage": {"delete": {"enabled": True}}}
    directory = tmp_path_factory.mktemp("server")
    if LOGIN:
        users = write_htpasswd(directory / "htpasswd", ["conformance"])
        config["auth"] = {"htpasswd": {"realm": "conformance", "path": str(users)}, **({"local": {}} if LOGIN == "token" else {})}
    with berth_server(config, directory=directory) as running:
        if LOGIN:
            running.make_client = functools.partial(LoggedInHttp, "127.0.0.1", running.port, "conformance", LOGIN == "token")
        yield running


@pytest.fixture
def client(server):
    return server.client


def repository_name(request) -> str:
    """A fresh name that says which test made it."""
    test = re.sub(r"[^a-z0-9]+", "-", request.node.originalname.lower()).strip("-")
    return f"{test}/r{next(_numbers)}-{os.getpid()}"


@pytest.fixture
def repo(request, client):
    return Repository(client, repository_name(request))


@pytest.fixture
def other_repo(request, client):
    return Repository(client, repository_name(request))
