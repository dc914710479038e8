"""The lines of walkthrough.md that people type with curl, as typed."""

import json

import pytest

from harness import content
from harness.clients import need, run
from harness.content import digest_of
from harness.repository import Repository


@pytest.fixture
def curl(berth, tmp_path):
    need("curl", "bash")

    def typed(line: str) -> str:
        """Runs one line in a shell with $R as the registry's address; fails as the shell does."""
        return run("bash", "-ec", line, env={"R": berth.url}, cwd=tmp_path).stdout

    typed.directory = tmp_path
    return typed


@pytest.fixture(scope="module")
def image(berth):
    return Repository(berth.client, "curl/image").push(content.image(kind="docker"), "v1", "v2", "v3")


def test_the_base(curl):
    assert curl("curl -sf $R/v2/") == "{}"


def test_the_catalog(curl, image):
    assert "curl/image" in json.loads(curl("curl -sf $R/v2/_catalog"))["repositories"]
    assert "curl/image" in json.loads(curl("curl -sf '$R/v2/_catalog?n=100'".replace("'", '"')))["repositories"]


def test_tags(curl, image):
    assert json.loads(curl("curl -sf $R/v2/curl/image/tags/list"))["tags"] == ["v1", "v2", "v3"]
    head, body = curl('curl -sfi "$R/v2/curl/image/tags/list?n=2"').split("\n\n", 1)
    assert json.loads(body)["tags"] == ["v1", "v2"] and "link:" in head.lower()


@pytest.mark.parametrize("accept", ["", '-H "Accept: application/vnd.docker.distribution.manifest.v2+json"'])
def test_head_of_a_manifest(curl, image, accept):
    """`-X HEAD` beside -I: curl warns, and it must not wait for a body."""
    head = curl(f"curl -s -m 5 -I -X HEAD {accept} $R/v2/curl/image/manifests/v1").lower()
    assert head.startswith("http/1.1 200")
    assert f"docker-content-digest: {image.digest}" in head
    assert f"content-length: {len(image.data)}" in head
    assert f"content-type: {image.media_type}" in head


def test_a_blob_and_a_range(curl, image):
    digest = image.blobs[0].digest
    assert curl(f"curl -sf $R/v2/curl/image/blobs/{digest} | sha256sum").split()[0] == digest.split(":")[1]
    assert curl(f"curl -sf -r 0-9 $R/v2/curl/image/blobs/{digest}").encode() == image.blobs[0].data[:10]


def test_deleting_by_the_digest_that_head_shows(berth, curl):
    image = Repository(berth.client, "curl/delete").push(content.image(kind="docker"), "v1")
    curl("""D=$(curl -sI -H "Accept: application/vnd.docker.distribution.manifest.v2+json" $R/v2/curl/delete/manifests/v1 \
            | tr -d '\\r' | awk -F': ' 'tolower($1)=="docker-content-digest" {print $2}')
            test "$(curl -s -o /dev/null -w '%{http_code}' -X DELETE $R/v2/curl/delete/manifests/$D)" = 202""")
    Repository(berth.client, "curl/delete").get_manifest(image.digest).expect(404)


def test_a_push_by_hand(berth, curl):
    """The upload that tutorials show: POST, take Location, PUT with --data-binary (curl then says it is a form)."""
    data = b"pushed=by&hand=1\n"
    (curl.directory / "layer").write_bytes(data)
    digest = digest_of(data)
    curl(f"""L=$(curl -sf -i -X POST $R/v2/curl/hand/blobs/uploads/ | tr -d '\\r' | awk 'tolower($1)=="location:" {{print $2}}')
             case "$L" in *\\?*) S='&';; *) S='?';; esac
             curl -sf -X PUT --data-binary @layer "$L${{S}}digest={digest}" """)
    assert Repository(berth.client, "curl/hand").get_blob(digest).expect(200).body == data


def test_a_push_from_a_pipe(berth, curl):
    """-T - sends chunked with Expect: 100-continue."""
    data = b"0123456789" * 200_000
    digest = digest_of(data)
    curl(f"""L=$(curl -sf -i -X POST $R/v2/curl/pipe/blobs/uploads/ | tr -d '\\r' | awk 'tolower($1)=="location:" {{print $2}}')
             N=$(for i in $(seq 200000); do printf 0123456789; done | curl -sf -i -X PATCH -H 'Content-Type: application/octet-stream' -T - "$L" \
                 | tr -d '\\r' | awk 'tolower($1)=="location:" {{print $2}}')
             case "$N" in *\\?*) S='&';; *) S='?';; esac
             curl -sf -X PUT -H 'Content-Length: 0' "$N${{S}}digest={digest}" """)
    assert Repository(berth.client, "curl/pipe").get_blob(digest).expect(200).body == data


def test_the_loop_over_tags(berth, curl, image):
    """`for tag in $(curl .../tags/list | ...)`: what migration scripts do."""
    tags = curl("""for tag in $(curl -sf $R/v2/curl/image/tags/list | tr -d '[]{}"' | sed 's/.*tags://' | tr ',' ' '); do
                     curl -sf -o /dev/null -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' $R/v2/curl/image/manifests/$tag
                     echo $tag; done""").split()
    assert tags == ["v1", "v2", "v3"]
