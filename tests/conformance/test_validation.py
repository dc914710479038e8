"""What a manifest must be to be taken, and that a refusal names the field (issue: "Manifests are parsed and checked")."""

import base64
import copy

import pytest

from harness import content
from harness.content import DOCKER_FOREIGN, DOCKER_MANIFEST, OCI_FOREIGN, OCI_INDEX, OCI_MANIFEST, Content, random_bytes, to_json
from harness.repository import Repository
from harness.server import berth_server


def refused(repo, data, media_type, *named, code="MANIFEST_INVALID", reference="v1"):
    """400 with `code`, each of `named` in the body, and nothing stored."""
    answer = repo.put_manifest(reference, data, media_type).expect_error(400, code)
    text = answer.body.decode()
    for each in named:
        assert each in text, f"the answer does not name {each}: {answer}"
    repo.get_manifest("v1").expect(404)
    return answer


@pytest.fixture
def image(repo):
    manifest = content.image()
    repo.push_parts(manifest)
    return manifest


def changed(manifest, change):
    document = copy.deepcopy(manifest.document)
    change(document)
    return to_json(document)


@pytest.mark.parametrize("data", [b"", b"x", b"{", b"[]", b"null", b'"text"', b"{}x", b"{} {}", b"\xef\xbb\xbf{}", b"{}"])
def test_not_a_json_object(repo, data):
    refused(repo, data, OCI_MANIFEST)


@pytest.mark.parametrize("change,named", [
    (lambda d: d.update(schemaVersion=1), "schemaVersion"),
    (lambda d: d.pop("schemaVersion"), "schemaVersion"),
    (lambda d: d.update(schemaVersion="2"), "schemaVersion"),
    (lambda d: d.update(mediaType=OCI_INDEX), "mediaType"),
    (lambda d: d.update(mediaType=7), "mediaType"),
    (lambda d: d.pop("config"), "config"),
    (lambda d: d.update(config=[]), "config"),
    (lambda d: d["config"].pop("digest"), "config"),
    (lambda d: d["config"].update(digest="sha256:bad"), "config"),
    (lambda d: d["config"].pop("mediaType"), "config"),
    (lambda d: d["config"].update(size=-1), "config"),
    (lambda d: d["config"].update(size="12"), "config"),
    (lambda d: d["config"].update(size=1.5), "config"),
    (lambda d: d["config"].pop("size"), "config"),
    (lambda d: d.update(layers={}), "layers"),
    (lambda d: d.update(layers=[1]), "layers"),
    (lambda d: d["layers"][1].update(digest="md5:" + "a" * 32), "layers"),
    (lambda d: d["layers"][1].pop("size"), "layers"),
    (lambda d: d.update(manifests=[]), "manifests"),
    (lambda d: d.update(subject="x"), "subject"),
    (lambda d: d.update(subject={"digest": "x"}), "subject"),
    (lambda d: d.update(annotations=[]), "annotations"),
    (lambda d: d.update(annotations={"a": 1}), "annotations"),
    (lambda d: d.update(artifactType=1), "artifactType"),
])
def test_a_wrong_field_is_named(repo, image, change, named):
    data = changed(image, change)
    answer = repo.put_manifest("v1", data, OCI_MANIFEST).expect(400)
    assert answer.error_code in ("MANIFEST_INVALID", "DIGEST_INVALID", "SIZE_INVALID"), answer
    assert named in answer.body.decode(), answer
    repo.get_manifest("v1").expect(404)


def test_the_place_in_the_list_is_named(repo, image):
    data = changed(image, lambda d: d["layers"][1].update(size=-5))
    assert "1" in repo.put_manifest("v1", data, OCI_MANIFEST).expect(400).body.decode()


@pytest.mark.parametrize("change,named", [
    (lambda d: d.pop("manifests"), "manifests"),
    (lambda d: d.update(manifests={}), "manifests"),
    (lambda d: d.update(config={}), "config"),
    (lambda d: d.update(layers=[]), "layers"),
    (lambda d: d["manifests"][0].update(digest="x"), "manifests"),
    (lambda d: d["manifests"][0].update(platform="linux"), "platform"),
])
def test_a_wrong_field_of_an_index_is_named(repo, change, named):
    index = content.multi_arch()
    repo.push_parts(index)
    answer = repo.put_manifest("v1", changed(index, change), OCI_INDEX).expect(400)
    assert named in answer.body.decode(), answer


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "application/vnd.example.unknown+json", None,
                                        "application/vnd.docker.distribution.manifest.v1+prettyjws"])
def test_an_unknown_media_type(repo, image, media_type):
    document = image.document
    del document["mediaType"]
    refused(repo, to_json(document), media_type)


def test_the_header_and_the_field_must_agree(repo, image):
    refused(repo, image.data, OCI_INDEX, "mediaType")
    refused(repo, image.data, DOCKER_MANIFEST, "mediaType")


def test_docker_types_must_name_themselves(repo):
    manifest = content.image(kind="docker")
    repo.push_parts(manifest)
    document = manifest.document
    del document["mediaType"]
    refused(repo, to_json(document), DOCKER_MANIFEST, "mediaType")


@pytest.mark.parametrize("data", [
    b'{"schemaVersion":2,"schemaVersion":2,%s',
    b'{"annotations":{"a":"1","a":"2"},"schemaVersion":2,%s',
])
def test_duplicate_keys(repo, image, data):
    document = image.document
    del document["schemaVersion"]
    refused(repo, data % to_json(document)[1:], OCI_MANIFEST)


def test_duplicate_keys_by_escape(repo, image):
    """`config` and `confi\\u0067` are one key: two parsers might see two manifests."""
    body = to_json(image.document)[:-1] + b', "confi\\u0067": ' + to_json(image.document["config"]) + b"}"
    refused(repo, body, OCI_MANIFEST)


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"])
def test_invalid_utf8(repo, image, bad):
    data = changed(image, lambda d: d.update(annotations={"a": "HERE"})).replace(b"HERE", bad)
    refused(repo, data, OCI_MANIFEST)


def test_deep_nesting(repo, image):
    deep = b"[" * 5000 + b"]" * 5000
    data = to_json(image.document)[:-1] + b', "deep": ' + deep + b"}"
    refused(repo, data, OCI_MANIFEST)


class TestReferences:
    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_a_missing_blob_is_named(self, repo, part):
        manifest = content.image()
        for number, blob in enumerate(manifest.blobs):
            if number != part:
                repo.push_blob(blob.data)
        refused(repo, manifest.data, manifest.media_type, manifest.blobs[part].digest, code="MANIFEST_BLOB_UNKNOWN")

    def test_every_missing_blob_is_named(self, repo):
        manifest = content.image()
        refused(repo, manifest.data, manifest.media_type, *[blob.digest for blob in manifest.blobs], code="MANIFEST_BLOB_UNKNOWN")

    def test_a_blob_of_another_repository_does_not_count(self, repo, other_repo):
        manifest = content.image()
        other_repo.push_parts(manifest)
        refused(repo, manifest.data, manifest.media_type, code="MANIFEST_BLOB_UNKNOWN")

    def test_a_missing_child_is_named(self, repo):
        index = content.multi_arch()
        repo.push(index.children[0])
        refused(repo, index.data, index.media_type, index.children[1].digest, code="MANIFEST_BLOB_UNKNOWN")

    def test_a_blob_is_no_child(self, repo):
        child = content.image()
        repo.push_blob(child.data)
        refused(repo, content.index([child]).data, OCI_INDEX, code="MANIFEST_BLOB_UNKNOWN")

    def test_a_missing_subject_is_fine(self, repo):
        repo.push(content.artifact(subject=content.image()), "v1")

    @pytest.mark.parametrize("where", ["config", "layers"])
    def test_the_stated_size_must_be_true(self, repo, image, where):
        def lie(document):
            descriptor = document[where][0] if where == "layers" else document[where]
            descriptor["size"] += 1
        answer = repo.put_manifest("v1", changed(image, lie), OCI_MANIFEST).expect(400)
        assert where in answer.body.decode() and "size" in answer.body.decode()

    def test_the_stated_size_of_a_child_must_be_true(self, repo):
        index = content.multi_arch()
        repo.push_parts(index)
        data = changed(index, lambda d: d["manifests"][1].update(size=1))
        assert "size" in repo.put_manifest("v1", data, OCI_INDEX).expect(400).body.decode()

    def test_the_same_blob_twice(self, repo):
        layer = content.layer()
        repo.push(content.image([layer, layer]), "v1")


class TestData:
    """A descriptor's `data` holds the content itself; it must be that content (image-spec: descriptor, data)."""

    def embedded(self, data):
        blob = Content(random_bytes(50), "application/octet-stream")
        manifest = content.image([blob])
        return manifest, changed(manifest, lambda d: d["layers"][0].update(data=data(blob.data)))

    def test_right(self, repo):
        manifest, data = self.embedded(lambda raw: base64.b64encode(raw).decode())
        repo.push_parts(manifest)
        repo.put_manifest("v1", data, OCI_MANIFEST).expect(201)
        assert repo.get_manifest("v1").body == data

    @pytest.mark.parametrize("lie", [lambda raw: base64.b64encode(raw[:-1] + b"\0\0").decode(), lambda raw: base64.b64encode(raw[::-1]).decode(),
                                     lambda raw: "***", lambda raw: 7])
    def test_wrong(self, repo, lie):
        manifest, data = self.embedded(lie)
        repo.push_parts(manifest)
        answer = repo.put_manifest("v1", data, OCI_MANIFEST).expect(400)
        assert "data" in answer.body.decode()


class TestForeignLayers:
    """compat 3.4: a Docker foreign layer needs urls and no blob; an OCI nondistributable layer needs one or the other."""

    def foreign(self, media_type, urls):
        layer = content.layer(media_type=media_type)
        manifest = content.image([layer], kind="docker" if media_type == DOCKER_FOREIGN else "oci")
        return manifest, changed(manifest, lambda d: d["layers"][0].update(**({"urls": urls} if urls is not None else {})))

    @pytest.mark.parametrize("media_type", [DOCKER_FOREIGN, OCI_FOREIGN])
    def test_with_urls_and_without_the_blob(self, repo, media_type):
        manifest, data = self.foreign(media_type, ["https://example.com/layer.tar.gz"])
        repo.push_blob(manifest.blobs[0].data)
        repo.put_manifest("v1", data, manifest.media_type).expect(201)
        assert repo.get_manifest("v1").expect(200).body == data

    def test_nondistributable_with_its_blob_and_without_urls(self, repo):
        manifest, data = self.foreign(OCI_FOREIGN, None)
        repo.push_parts(manifest)
        repo.put_manifest("v1", data, manifest.media_type).expect(201)

    @pytest.mark.parametrize("urls", [["ftp://example.com/x"], ["https://example.com/x#fragment"], ["not a url"], "https://example.com/x", [7]])
    def test_bad_urls(self, repo, urls):
        manifest, data = self.foreign(DOCKER_FOREIGN, urls)
        repo.push_blob(manifest.blobs[0].data)
        answer = repo.put_manifest("v1", data, manifest.media_type).expect(400)
        assert "urls" in answer.body.decode()


class TestSettings:
    """The two settings that admit sparse content, and the one that Distribution has for all."""

    def test_missing_allow_takes_what_is_not_there(self, tmp_path):
        with berth_server({"validation": {"manifests": {"missing": "allow"}}}, directory=tmp_path) as server:
            repo = Repository(server.client, "sparse/repo")
            image, index = content.image(), content.multi_arch()
            for manifest in (image, index):
                repo.put_manifest("v1", manifest.data, manifest.media_type).expect(201)
                assert repo.get_manifest("v1").expect(200).body == manifest.data
            repo.head_blob(image.blobs[0].digest).expect(404)
            repo.put_manifest("v1", b"{", OCI_MANIFEST).expect(400)
            repo.push_parts(image)
            repo.assert_holds(image)

    @pytest.mark.parametrize("platforms,platformlist,present,status", [
        ("all", None, ["amd64"], 400), ("none", None, [], 201), ("list", [{"architecture": "amd64", "os": "linux"}], ["amd64"], 201),
        ("list", [{"architecture": "amd64", "os": "linux"}], ["arm64"], 400),
    ])
    @pytest.mark.parametrize("kind", ["oci", "docker"])
    def test_platforms(self, tmp_path, kind, platforms, platformlist, present, status):
        indexes = {"platforms": platforms, **({"platformlist": platformlist} if platformlist else {})}
        with berth_server({"validation": {"manifests": {"indexes": indexes}}}, directory=tmp_path) as server:
            repo = Repository(server.client, "sparse/repo")
            index = content.multi_arch(kind)
            for child in index.children:
                if child.platform["architecture"] in present:
                    repo.push(child)
            repo.put_manifest("v1", index.data, index.media_type).expect(status)
            # Blobs of an image stay necessary.
            lone = content.image()
            repo.put_manifest("v2", lone.data, lone.media_type).expect_error(400, "MANIFEST_BLOB_UNKNOWN")


def test_a_refused_manifest_leaves_no_tag(repo):
    image = content.image()
    repo.put_manifest("v9", image.data, image.media_type).expect(400)
    assert repo.tags().status in (200, 404)
    assert "v9" not in repo.tags().body.decode()

