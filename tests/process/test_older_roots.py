"""Roots that older versions wrote open, and what they hold is served. `roots/schema-N.tar.gz` was written by the last program
that made schema N (push of two images, an index, a referrer, a blob, half of an upload; then a clean stop)."""

import pathlib
import sqlite3
import tarfile

from harness.accounts import Administrator, login
from harness.content import OCI_INDEX, OCI_MANIFEST, digest_of
from harness.repository import Repository
from harness.server import Server, berth_server

ROOTS = pathlib.Path(__file__).resolve().parent / "roots"
IMAGE = "sha256:796a032739579a3fbc612c594240238957e3fda0a7c1de2a26ddcd6d45517065"
INDEX = "sha256:7d9c172f3521bc7c22267a146fd95844387fbed2efee6a66757a0ba3161f45e3"
BASE = "sha256:2b050240ab092946fc87a5c57de51e63daf4b6ecc988da75b331bb97a2d18d29"
BLOB = b"a blob of no manifest"
UPLOAD = "2981a787-c93c-41db-bf17-85178009df86"


def unpacked(directory: pathlib.Path, schema: int) -> pathlib.Path:
    with tarfile.open(ROOTS / f"schema-{schema}.tar.gz") as archive:
        archive.extractall(directory)
    assert schema_of(directory) == schema
    return directory


def schema_of(root: pathlib.Path) -> int:
    with sqlite3.connect(root / "berth" / "metadata.db") as database:
        return database.execute("PRAGMA user_version").fetchone()[0]


def holds_everything(client) -> None:
    team = Repository(client, "team/app")
    for reference, digest, kind in (("v1", IMAGE, OCI_MANIFEST), ("latest", IMAGE, OCI_MANIFEST), ("all", INDEX, OCI_INDEX)):
        answer = team.get_manifest(reference).expect(200)
        assert answer["Docker-Content-Digest"] == digest == digest_of(answer.body) and answer["Content-Type"] == kind
        for each in [answer.json.get("config"), *answer.json.get("layers", [])]:
            if each:
                assert digest_of(team.get_blob(each["digest"]).expect(200).body) == each["digest"]
    assert team.client.get("/v2/team/app/tags/list").expect(200).json["tags"] == ["all", "latest", "v1"]
    assert len(team.client.get(f"/v2/team/app/referrers/{IMAGE}").expect(200).json["manifests"]) == 1
    assert team.get_blob(digest_of(BLOB)).expect(200).body == BLOB
    assert Repository(client, "public/base").get_manifest("v1").expect(200)["Docker-Content-Digest"] == BASE
    assert client.get("/v2/_catalog").expect(200).json["repositories"] == ["public/base", "team/app"]
    assert client.get(f"/v2/team/app/blobs/uploads/{UPLOAD}").expect(204)["Range"] == "0-13"


def test_a_root_of_schema_1_opens(tmp_path):
    root = unpacked(tmp_path / "root", 1)
    with berth_server(directory=tmp_path / "server", root=root) as server:
        holds_everything(server.client)
        server.stop()
        assert schema_of(root) > 1
        server.start()
        holds_everything(server.client)


def test_accounts_come_to_a_root_of_schema_1(tmp_path):
    """The upgrade is done by whoever opens it first, a command included."""
    root = unpacked(tmp_path / "root", 1)
    server = Server({"auth": {"accounts": {"cost": 1}}, "access": [{"allow": ["pull", "push", "catalog"], "who": "authenticated"}]},
                    directory=tmp_path / "server", root=root)
    Administrator(server).add_user("alice", "alice's password")
    try:
        server.start()
        holds_everything(login(server, "alice", "alice's password"))
        server.stop()
    finally:
        server.kill()
