"""Subjects and referrers (distribution-spec: Pushing Manifests with Subject, Listing Referrers)."""

from urllib.parse import quote

import pytest

from harness import content
from harness.content import OCI_INDEX, OCI_MANIFEST, digest_of
from harness.repository import Repository
from harness.server import berth_server

SBOM = "application/vnd.example.sbom.v1+json"
SIGNATURE = "application/vnd.example.signature.v1"


def listed(answer):
    answer.expect(200)
    assert answer["Content-Type"] == OCI_INDEX
    document = answer.json
    assert document["schemaVersion"] == 2 and document["mediaType"] == OCI_INDEX
    assert isinstance(document["manifests"], list), "a list, never null"
    return document["manifests"]


def digests(answer):
    return sorted(entry["digest"] for entry in listed(answer))


def walk(repo, digest, query=""):
    """All pages by Link; returns the entries and the number of pages."""
    entries, pages = [], 0
    answer = repo.referrers(digest, query)
    while True:
        entries += listed(answer)
        pages += 1
        assert pages < 500, "paging does not end"
        link = answer.get("Link")
        if not link:
            return entries, pages
        assert link.endswith('>; rel="next"') and link.startswith("<"), link
        answer = repo.client.get(link[1:link.index(">")])


@pytest.fixture
def subject(repo):
    return repo.push(content.image(), "v1")


def test_an_unknown_repository_has_none(client):
    assert listed(client.get(f"/v2/never/seen/referrers/{digest_of(b'x')}")) == []


def test_an_unknown_digest_has_none(repo, subject):
    assert listed(repo.referrers(digest_of(b"x"))) == []
    assert listed(repo.referrers(digest_of(b"x", "sha512"))) == []


@pytest.mark.parametrize("digest", ["sha256:bad", "nonsense", "sha256:" + "g" * 64, "md5:" + "a" * 32])
def test_a_bad_digest_is_400(repo, subject, digest):
    repo.referrers(digest).expect(400)


def test_put_says_that_the_subject_was_processed(repo, subject):
    artifact = content.artifact(subject=subject)
    repo.push_parts(artifact)
    for reference in (artifact.digest, "signed"):
        assert repo.put_manifest(reference, artifact.data, artifact.media_type).expect(201)["OCI-Subject"] == subject.digest


def test_put_without_subject_says_nothing(repo):
    image = content.image()
    repo.push_parts(image)
    assert "OCI-Subject" not in repo.put_manifest("v1", image.data, image.media_type).expect(201)


def test_the_descriptor_of_an_artifact(repo, subject):
    annotations = {"org.example.format": "json", "org.example.empty": ""}
    artifact = repo.push(content.artifact(SBOM, subject=subject, annotations=annotations))
    (entry,) = listed(repo.referrers(subject.digest))
    assert entry == {"mediaType": OCI_MANIFEST, "digest": artifact.digest, "size": len(artifact.data), "artifactType": SBOM,
                     "annotations": annotations}


def test_without_artifact_type_the_configs_type_counts(repo, subject):
    repo.push(content.artifact(subject=subject, config_type=SIGNATURE))
    (entry,) = listed(repo.referrers(subject.digest))
    assert entry["artifactType"] == SIGNATURE and "annotations" not in entry


def test_an_image_as_referrer(repo, subject):
    image = repo.push(content.image(subject=subject))
    (entry,) = listed(repo.referrers(subject.digest))
    assert entry["digest"] == image.digest and entry["artifactType"] == content.OCI_CONFIG


def test_an_index_with_artifact_type(repo, subject):
    index = repo.push(content.index([content.image()], subject=subject, artifact_type=SBOM, annotations={"a": "b"}))
    (entry,) = listed(repo.referrers(subject.digest))
    assert entry == {"mediaType": OCI_INDEX, "digest": index.digest, "size": len(index.data), "artifactType": SBOM, "annotations": {"a": "b"}}


def test_an_index_without_artifact_type_has_none(repo, subject):
    repo.push(content.index([content.image()], subject=subject))
    (entry,) = listed(repo.referrers(subject.digest))
    assert "artifactType" not in entry


def test_an_index_as_subject(repo):
    index = repo.push(content.multi_arch(), "v1")
    artifact = repo.push(content.artifact(subject=index))
    assert digests(repo.referrers(index.digest)) == [artifact.digest]
    assert listed(repo.referrers(index.children[0].digest)) == []


def test_a_referrer_before_its_subject(repo):
    subject = content.image()
    artifact = content.artifact(subject=subject)
    repo.push_parts(artifact)
    assert repo.put_manifest(artifact.digest, artifact.data, artifact.media_type).expect(201)["OCI-Subject"] == subject.digest
    assert digests(repo.referrers(subject.digest)) == [artifact.digest]
    repo.push(subject, "v1")
    assert digests(repo.referrers(subject.digest)) == [artifact.digest]


def test_a_sha512_subject(repo):
    subject = content.image(algorithm="sha512")
    repo.push_parts(subject)
    repo.put_manifest(subject.digest, subject.data, subject.media_type).expect(201)
    artifact = repo.push(content.artifact(subject=subject, algorithm="sha512"))
    assert digests(repo.referrers(subject.digest)) == [artifact.digest]


def test_referrers_stay_in_their_repository(repo, other_repo, subject):
    repo.push(content.artifact(subject=subject))
    other_repo.push(subject)
    assert listed(other_repo.referrers(subject.digest)) == []


def test_pushed_twice_listed_once(repo, subject):
    artifact = content.artifact(subject=subject)
    repo.push(artifact)
    repo.push(artifact, "a", "b")
    assert digests(repo.referrers(subject.digest)) == [artifact.digest]


def test_referrers_of_referrers(repo, subject):
    sbom = repo.push(content.artifact(SBOM, subject=subject))
    signature = repo.push(content.artifact(SIGNATURE, subject=sbom))
    assert digests(repo.referrers(subject.digest)) == [sbom.digest]
    assert digests(repo.referrers(sbom.digest)) == [signature.digest]


def test_a_deleted_referrer_is_gone_and_a_deleted_subject_keeps_them(repo, subject):
    kept, gone = repo.push(content.artifact(subject=subject)), repo.push(content.artifact(subject=subject))
    repo.delete_manifest(gone.digest).expect(202)
    assert digests(repo.referrers(subject.digest)) == [kept.digest]
    repo.delete_manifest(subject.digest).expect(202)
    assert digests(repo.referrers(subject.digest)) == [kept.digest]


def test_head(repo, client, subject):
    repo.push(content.artifact(subject=subject))
    answer = client.head(repo.path(f"referrers/{subject.digest}")).expect(200)
    assert answer["Content-Type"] == OCI_INDEX and answer.body == b""


def test_the_filter(repo, subject):
    sbom = repo.push(content.artifact(SBOM, subject=subject))
    by_config = repo.push(content.artifact(subject=subject, config_type=SBOM))
    signature = repo.push(content.artifact(SIGNATURE, subject=subject))
    untyped = repo.push(content.index([], subject=subject))
    everything = repo.referrers(subject.digest)
    assert "OCI-Filters-Applied" not in everything
    assert digests(everything) == sorted([sbom.digest, by_config.digest, signature.digest, untyped.digest])
    for artifact_type, expected in ((SBOM, [sbom.digest, by_config.digest]), (SIGNATURE, [signature.digest]), ("application/other", [])):
        answer = repo.referrers(subject.digest, f"?artifactType={quote(artifact_type, safe='')}")
        assert answer["OCI-Filters-Applied"] == "artifactType"
        assert digests(answer) == sorted(expected)


def test_in_the_filter_a_space_means_plus(repo, subject):
    """`+json` as people type it: a query's plus sign reads as a space."""
    sbom = repo.push(content.artifact(SBOM, subject=subject))
    for spelling in (SBOM, SBOM.replace("+", "%2B"), SBOM.replace("+", "%20"), SBOM.replace("/", "%2F")):
        assert digests(repo.referrers(subject.digest, f"?artifactType={spelling}")) == [sbom.digest], spelling


def test_an_encoded_digest(repo, subject):
    artifact = repo.push(content.artifact(subject=subject))
    assert digests(repo.referrers(subject.digest.replace(":", "%3A"))) == [artifact.digest]


class TestPaging:
    COUNT = 25

    @pytest.fixture
    def many(self, repo, subject):
        return sorted(repo.push(content.artifact(SBOM if i % 2 else SIGNATURE, subject=subject)).digest for i in range(self.COUNT))

    @pytest.mark.parametrize("n", [1, 7, 25, 100])
    def test_by_n(self, repo, subject, many, n):
        entries, pages = walk(repo, subject.digest, f"?n={n}")
        assert sorted(entry["digest"] for entry in entries) == many
        assert pages == -(-self.COUNT // n), "a Link only if more follows"

    def test_a_filter_goes_along(self, repo, subject, many):
        entries, pages = walk(repo, subject.digest, f"?artifactType={quote(SBOM, safe='')}&n=5")
        assert len(entries) == self.COUNT // 2 and pages > 1
        assert {entry["artifactType"] for entry in entries} == {SBOM}


def test_a_list_beyond_4_mib_is_paged_without_being_asked(tmp_path):
    """Clients read at most 4 MiB of a manifest, so the server pages on its own (spec: Link MUST be included when ...)."""
    with berth_server(directory=tmp_path) as server:
        repo = Repository(server.client, "paged/repo")
        subject = repo.push(content.image())
        filler = {"org.example.filler": "x" * 900_000}
        pushed = [repo.push(content.artifact(subject=subject, annotations=filler)).digest for _ in range(7)]
        entries, pages = walk(repo, subject.digest)
        assert sorted(entry["digest"] for entry in entries) == sorted(pushed)
        assert pages > 1
