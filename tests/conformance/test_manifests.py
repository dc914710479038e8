"""Pushing and pulling manifests (distribution-spec: Pulling manifests, Pushing Manifests; compat 3.4)."""

import pytest

from harness import content
from harness.content import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Manifest, digest_of, to_json

KINDS = {
    "oci image": lambda: content.image(),
    "docker image": lambda: content.image(kind="docker"),
    "image without layers": lambda: content.image([]),
    "image with custom fields": lambda: content.image(more={"org.example.custom": {"kept": [1, 2.5, None, "é"]}}),
    "image with annotations": lambda: content.image(annotations={"org.example.a": "b", "empty": ""}),
    "artifact": lambda: content.artifact(),
    "artifact by config type": lambda: content.artifact(config_type="application/vnd.example.config.v1+json"),
    "oci index": lambda: content.multi_arch(),
    "docker list": lambda: content.multi_arch("docker"),
    "nested index": lambda: content.index([content.multi_arch(), content.image()]),
    "empty index": lambda: content.index([]),
    "index of artifacts": lambda: content.index([content.artifact()], artifact_type="application/vnd.example.set"),
    "index over docker images": lambda: content.index([content.image(kind="docker")]),
}


@pytest.fixture(params=sorted(KINDS))
def manifest(request):
    return KINDS[request.param]()


def assert_put(answer, repo, manifest):
    answer.expect(201)
    assert answer["Docker-Content-Digest"] == manifest.digest
    assert answer["Content-Length"] == "0" and answer.body == b""
    assert answer["Location"].endswith(repo.path(f"manifests/{manifest.digest}"))


def test_push_by_tag_pull_by_tag_and_digest(repo, manifest):
    repo.push_parts(manifest)
    assert_put(repo.put_manifest("v1", manifest.data, manifest.media_type), repo, manifest)
    repo.assert_holds(manifest, "v1")
    assert repo.tag_names() == ["v1"]


def test_push_by_digest(repo, manifest):
    repo.push_parts(manifest)
    assert_put(repo.put_manifest(manifest.digest, manifest.data, manifest.media_type), repo, manifest)
    repo.assert_holds(manifest)


def test_the_location_can_be_pulled(repo, client, manifest):
    repo.push_parts(manifest)
    created = repo.put_manifest("v1", manifest.data, manifest.media_type).expect(201)
    assert client.get(created["Location"], accept=manifest.media_type).expect(200).body == manifest.data


@pytest.mark.parametrize("by_tag", [True, False])
def test_get_and_head_agree(repo, manifest, by_tag):
    repo.push(manifest, "v1")
    reference = "v1" if by_tag else manifest.digest
    get, head = repo.get_manifest(reference).expect(200), repo.head_manifest(reference).expect(200)
    for answer in (get, head):
        assert answer["Content-Type"] == manifest.media_type, "the stored type and no parameters"
        assert answer["Content-Length"] == str(len(manifest.data))
        assert answer["Docker-Content-Digest"] == manifest.digest
        assert answer["ETag"] == f'"{manifest.digest}"'
    assert get.body == manifest.data and head.body == b""


def test_a_manifest_by_digest_may_be_cached_for_ever_and_by_tag_not(repo):
    image = repo.push(content.image(), "v1")
    assert "immutable" in repo.get_manifest(image.digest)["Cache-Control"]
    assert "immutable" not in (repo.get_manifest("v1").get("Cache-Control") or "")


@pytest.mark.parametrize("accept", [None, "*/*", "application/*", "application/json", "text/html", DOCKER_MANIFEST, OCI_MANIFEST, OCI_INDEX,
                                    "nonsense;;q", "application/vnd.docker.distribution.manifest.v1+prettyjws"])
@pytest.mark.parametrize("kind", ["oci image", "docker image", "oci index", "artifact"])
def test_the_stored_type_is_returned_whatever_accept_says(repo, kind, accept):
    manifest = repo.push(KINDS[kind](), "v1")
    for reference in ("v1", manifest.digest):
        for method in (repo.get_manifest, repo.head_manifest):
            answer = method(reference, accept=accept).expect(200)
            assert answer["Content-Type"] == manifest.media_type
            assert answer["Docker-Content-Digest"] == manifest.digest


class TestManifestListForOldClients:
    """The sole exception: a manifest list by tag, Accept naming schema 2 and no list type, gives the linux/amd64 child."""

    @pytest.fixture
    def pushed(self, repo):
        return repo.push(content.multi_arch("docker"), "v1")

    @pytest.mark.parametrize("accept", [DOCKER_MANIFEST, f"{DOCKER_MANIFEST}, application/json", f"{DOCKER_MANIFEST};q=0.9",
                                        f"{DOCKER_MANIFEST}, {OCI_MANIFEST}"])
    def test_by_tag(self, repo, pushed, accept):
        child = pushed.children[0]
        for method in (repo.get_manifest, repo.head_manifest):
            answer = method("v1", accept=accept).expect(200)
            assert answer["Content-Type"] == DOCKER_MANIFEST
            assert answer["Docker-Content-Digest"] == child.digest
            assert answer["Content-Length"] == str(len(child.data))
        assert repo.get_manifest("v1", accept=accept).body == child.data

    @pytest.mark.parametrize("accept", [None, "*/*", DOCKER_LIST, f"{DOCKER_MANIFEST}, {DOCKER_LIST}", [DOCKER_LIST, DOCKER_MANIFEST],
                                        f"{DOCKER_MANIFEST},{OCI_INDEX}", OCI_MANIFEST])
    def test_not_otherwise(self, repo, pushed, accept):
        assert repo.get_manifest("v1", accept=accept).expect(200).body == pushed.data

    def test_not_by_digest(self, repo, pushed):
        assert repo.get_manifest(pushed.digest, accept=DOCKER_MANIFEST).expect(200).body == pushed.data

    def test_not_for_an_oci_index(self, repo):
        oci = repo.push(content.multi_arch(), "oci")
        assert repo.get_manifest("oci", accept=DOCKER_MANIFEST).expect(200).body == oci.data

    def test_without_such_a_child_the_list(self, repo):
        pushed = repo.push(content.index([content.image(kind="docker", architecture="arm64")], kind="docker"), "arm")
        answer = repo.get_manifest("arm", accept=DOCKER_MANIFEST).expect(200)
        assert answer.body == pushed.data


@pytest.mark.parametrize("reference", ["v1", "digest"])
def test_if_none_match(repo, reference):
    image = repo.push(content.image(), "v1")
    reference = image.digest if reference == "digest" else reference
    for condition in (f'"{image.digest}"', f'W/"{image.digest}"', "*", f'"a", "{image.digest}"'):
        for method in (repo.get_manifest, repo.head_manifest):
            answer = method(reference, if_none_match=condition).expect(304)
            assert answer.body == b"" and "Content-Length" not in answer
            assert answer["ETag"] == f'"{image.digest}"'
    assert repo.get_manifest(reference, if_none_match='"other"').expect(200).body == image.data


def test_existence_comes_before_the_condition(repo):
    absent = digest_of(b"never pushed")
    repo.get_manifest(absent, if_none_match=f'"{absent}"').expect_error(404, "MANIFEST_UNKNOWN")
    repo.get_manifest("nothing", if_none_match="*").expect_error(404, "MANIFEST_UNKNOWN")


def test_a_tag_moves(repo):
    first, second = repo.push(content.image(), "v1"), repo.push(content.image(), "v1")
    assert repo.get_manifest("v1").body == second.data
    repo.assert_holds(first)


def test_the_same_push_twice(repo):
    image = content.image()
    for _ in range(2):
        repo.push_parts(image)
        assert_put(repo.put_manifest("v1", image.data, image.media_type), repo, image)


def test_a_manifest_of_another_repository_is_not_found_here(repo, other_repo):
    image = repo.push(content.image(), "v1")
    other_repo.get_manifest(image.digest).expect_error(404, "MANIFEST_UNKNOWN")
    other_repo.get_manifest("v1").expect_error(404, "MANIFEST_UNKNOWN")


def test_the_bytes_stored_are_the_bytes_received(repo):
    """Odd white space, key order, escapes, a trailing newline: nothing is written anew."""
    image = content.image()
    repo.push_parts(image)
    data = b"  " + image.data.replace(b'"schemaVersion": 2', b'"schemaVersion"\t:\r\n2') + b"\n\n"
    repo.put_manifest("v1", data, image.media_type).expect(201)
    assert repo.get_manifest("v1").expect(200).body == data
    assert repo.get_manifest(digest_of(data)).expect(200).body == data


def test_parameters_of_the_content_type_are_dropped(repo):
    image = content.image()
    repo.push_parts(image)
    repo.put_manifest("v1", image.data, f"{image.media_type}; charset=utf-8").expect(201)
    assert repo.get_manifest("v1")["Content-Type"] == image.media_type


def test_a_manifest_without_media_type_takes_it_from_the_header(repo):
    image = content.image()
    repo.push_parts(image)
    document = image.document
    del document["mediaType"]
    data = to_json(document)
    repo.put_manifest("v1", data, OCI_MANIFEST).expect(201)
    assert repo.get_manifest("v1")["Content-Type"] == OCI_MANIFEST


def test_streamed_put(repo, client):
    image = content.image()
    repo.push_parts(image)
    answer = client.put(repo.path("manifests/v1"), iter([image.data[:100], image.data[100:]]), content_type=image.media_type)
    assert_put(answer, repo, image)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_digest_in_the_path_must_fit(repo, algorithm):
    image = content.image()
    repo.push_parts(image)
    wrong = digest_of(b"wrong", algorithm)
    repo.put_manifest(wrong, image.data, image.media_type).expect_error(400, "DIGEST_INVALID")
    repo.get_manifest(wrong).expect(404)
    repo.get_manifest(image.digest).expect(404)


@pytest.mark.parametrize("reference", ["sha256:baddigeststring", "sha256:" + "a" * 63, "sha256:", "blake7:" + "a" * 64, "sha512:" + "a" * 64])
def test_a_bad_digest_in_the_path(repo, reference):
    image = content.image()
    repo.push_parts(image)
    repo.put_manifest(reference, image.data, image.media_type).expect(400)
    assert repo.get_manifest(reference).status in (400, 404)
    assert repo.head_manifest(reference).status in (400, 404)
    assert repo.delete_manifest(reference).status in (400, 404)


class TestSha512:
    @pytest.mark.parametrize("build", [lambda: content.image(algorithm="sha512"), lambda: content.artifact(algorithm="sha512"),
                                       lambda: content.index([content.image(algorithm="sha512")], algorithm="sha512"),
                                       lambda: content.index([content.image(), content.image(algorithm="sha512")])])
    def test_push_by_digest_end_to_end(self, repo, build):
        manifest = build()
        repo.push_parts(manifest)
        assert_put(repo.put_manifest(manifest.digest, manifest.data, manifest.media_type), repo, manifest)
        repo.assert_holds(manifest)
        assert repo.get_manifest(manifest.digest)["Docker-Content-Digest"] == manifest.digest
        assert repo.head_manifest(manifest.digest)["Docker-Content-Digest"] == manifest.digest

    def test_a_tag_on_it(self, repo):
        manifest = content.image(algorithm="sha512")
        repo.push_parts(manifest)
        repo.put_manifest(manifest.digest, manifest.data, manifest.media_type, "?tag=v1").expect(201)
        answer = repo.get_manifest("v1").expect(200)
        assert answer["Docker-Content-Digest"] == manifest.digest and answer.body == manifest.data

    def test_both_algorithms_of_one_manifest(self, repo):
        image = content.image()
        repo.push(image, "v1")
        other = digest_of(image.data, "sha512")
        repo.put_manifest(other, image.data, image.media_type).expect(201)
        assert repo.get_manifest(other).body == repo.get_manifest(image.digest).body == image.data
        repo.delete_manifest(other).expect(202)
        repo.get_manifest("v1").expect(200)


class TestTagParameter:
    def test_tags_are_set_and_named(self, repo):
        image = content.image()
        repo.push_parts(image)
        tags = [f"t{i}" for i in range(10)]
        query = "?" + "&".join(f"tag={tag}" for tag in tags)
        answer = repo.put_manifest(image.digest, image.data, image.media_type, query)
        assert_put(answer, repo, image)
        named = [tag.strip() for line in answer.all("OCI-Tag") for tag in line.split(",")]
        assert sorted(named) == sorted(tags)
        assert repo.tag_names() == sorted(tags)
        for tag in tags:
            assert repo.get_manifest(tag).expect(200).body == image.data

    def test_without_the_parameter_there_is_no_header(self, repo):
        image = content.image()
        repo.push_parts(image)
        assert "OCI-Tag" not in repo.put_manifest(image.digest, image.data, image.media_type).expect(201)

    def test_a_repeated_tag_is_one(self, repo):
        image = content.image()
        repo.push_parts(image)
        repo.put_manifest(image.digest, image.data, image.media_type, "?tag=a&tag=a").expect(201)
        assert repo.tag_names() == ["a"]

    def test_together_with_a_tag_in_the_path(self, repo):
        # The specification defines the parameter for pushes by digest only; beside a tag it must not be half done.
        image = content.image()
        repo.push_parts(image)
        answer = repo.put_manifest("v1", image.data, image.media_type, "?tag=v2").expect(201, 400)
        named = [tag.strip() for line in answer.all("OCI-Tag") for tag in line.split(",")]
        expected = {201: sorted({"v1", *named}), 400: None}[answer.status]
        assert (repo.tag_names() if expected else None) == expected

    @pytest.mark.parametrize("bad", ["-x", "a b", "", "a" * 129, "%2F"])
    def test_a_bad_tag_refuses_all(self, repo, bad):
        image = content.image()
        repo.push_parts(image)
        query = f"?tag=good&tag={bad}".replace(" ", "%20")
        repo.put_manifest(image.digest, image.data, image.media_type, query).expect(400)
        repo.get_manifest("good").expect(404)

    def test_too_many_are_414(self, repo):
        image = content.image()
        repo.push_parts(image)
        query = "?" + "&".join(f"tag=t{i}" for i in range(500))
        repo.put_manifest(image.digest, image.data, image.media_type, query).expect(414)
        repo.get_manifest("t0").expect(404)


class TestSize:
    LIMIT = 4 * 1024 * 1024

    def sized(self, size):
        image = content.image()
        document = image.document
        document["annotations"] = {"filler": ""}
        document["annotations"]["filler"] = "x" * (size - len(to_json(document)))
        data = to_json(document)
        assert len(data) == size
        return Manifest(data, OCI_MANIFEST, blobs=image.blobs)

    def test_4_mib_are_taken(self, repo):
        manifest = repo.push(self.sized(self.LIMIT), "large")
        assert repo.get_manifest("large").expect(200).body == manifest.data
        assert repo.head_manifest("large")["Content-Length"] == str(self.LIMIT)

    def test_more_are_413(self, repo):
        manifest = self.sized(self.LIMIT + 1)
        repo.push_parts(manifest)
        repo.put_manifest("large", manifest.data, manifest.media_type).expect(413)
        repo.get_manifest("large").expect(404)

    def test_more_are_413_streamed(self, repo, client):
        manifest = self.sized(self.LIMIT + 1)
        repo.push_parts(manifest)
        pieces = [manifest.data[i:i + 65536] for i in range(0, len(manifest.data), 65536)]
        client.put(repo.path("manifests/large"), iter(pieces), content_type=manifest.media_type).expect(413)
        repo.get_manifest("large").expect(404)
