"""What a cut demands, and that the check sees each way of breaking it."""

import json

import pytest
from check import Check
from harness.content import Content, digest_of, image
from harness.http import Answer
from history import Deed, History

TAG = ("tag", "r", "latest")


def history_of(thing, *deeds) -> History:
    history = History()
    history._deeds[thing] = [Deed(*deed) for deed in deeds]
    return history


@pytest.mark.parametrize("cut, allowed", [
    (5, set()),             # nobody asked
    (15, {None, "a"}),      # under way
    (25, {"a"}),            # told
    (35, {"a", "b"}),       # the next under way
    (45, {"b"}),
    (55, {"b", None}),      # a removal under way
    (65, {None}),
])
def test_a_tag_names_what_was_told_last_or_what_is_under_way(cut, allowed):
    history = history_of(TAG, ("a", 10, 20), ("b", 30, 40), (None, 50, 60))
    assert history.allowed(TAG, cut) == allowed


def test_a_request_that_was_never_answered_stays_open_for_ever():
    history = history_of(TAG, ("a", 10, 20), ("b", 30, None))
    assert history.allowed(TAG, 1_000) == {"a", "b"}


def test_what_many_make_the_same_is_demanded_from_the_first_answer():
    blob = ("blob", "r", "sha256:x")
    history = history_of(blob, (True, 10, 40), (True, 11, 20))
    assert history.allowed(blob, 15) == {None, True}
    assert history.allowed(blob, 30) == {True}


class FakeRegistry:
    """Answers GETs from dictionaries."""

    def __init__(self):
        self.blobs, self.manifests, self.tags = {}, {}, {}

    def get(self, target: str) -> Answer:
        kind, _, name = target.removeprefix("/v2/r/").partition("/")
        if kind == "tags":
            return Answer(200, [], json.dumps({"tags": sorted(self.tags)}).encode())
        digest = self.tags.get(name, name)
        held = self.blobs if kind == "blobs" else self.manifests
        if digest not in held:
            return Answer(404, [], b"")
        return Answer(200, [("Docker-Content-Digest", digest)], held[digest])


@pytest.fixture
def pushed():
    """A registry that has one tagged image, and the history of its push."""
    registry, history, made = FakeRegistry(), History(), image(seed=1)
    for blob in made.blobs:
        registry.blobs[blob.digest] = history.contents[blob.digest] = blob.data
        history.told(history.begin((("blob", "r", blob.digest), True)))
    registry.manifests[made.digest] = history.contents[made.digest] = made.data
    registry.tags["latest"] = made.digest
    history.told(history.begin((("manifest", "r", made.digest), True), (TAG, made.digest)))
    return registry, history, made


def violations(registry, history) -> list:
    return Check(registry, history, 2**63).run().violations


def test_a_whole_registry_has_no_violation(pushed):
    registry, history, made = pushed
    check = Check(registry, history, 2**63).run()
    assert check.violations == [] and check.demanded == 2 + len(made.blobs)


def test_a_lost_blob_is_seen(pushed):
    registry, history, made = pushed
    del registry.blobs[made.blobs[0].digest]
    assert any("found None" in text for text in violations(registry, history))
    assert any("without its blob" in text for text in violations(registry, history))


def test_wrong_bytes_are_seen(pushed):
    registry, history, made = pushed
    registry.blobs[made.blobs[1].digest] = b"damaged"
    assert any("wrong bytes" in text for text in violations(registry, history))


def test_a_lost_manifest_and_a_lost_tag_are_seen(pushed):
    registry, history, made = pushed
    del registry.tags["latest"]
    assert any(text.startswith("tag r latest: found None") for text in violations(registry, history))
    del registry.manifests[made.digest]
    assert any(text.startswith("manifest r") for text in violations(registry, history))


def test_an_old_tag_is_seen(pushed):
    registry, history, made = pushed
    newer = Content(b'{"layers": []}', "x")
    history.contents[newer.digest] = newer.data
    history.told(history.begin((TAG, newer.digest)))
    assert any(made.digest in text for text in violations(registry, history))


def test_what_came_back_after_its_removal_is_seen(pushed):
    registry, history, made = pushed
    history.told(history.begin((TAG, None), (("manifest", "r", made.digest), False)))
    assert len(violations(registry, history)) == 2


def test_a_manifest_that_was_never_acknowledged_must_be_whole_if_it_is_served(pushed):
    registry, history, _ = pushed
    half = json.dumps({"layers": [{"digest": digest_of(b"not there")}]}).encode()
    registry.manifests[digest_of(half)] = history.contents[digest_of(half)] = half
    history.begin((("manifest", "r", digest_of(half)), True))
    assert any("without its blob" in text for text in violations(registry, history))
