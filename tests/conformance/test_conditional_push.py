"""Beyond the specification: If-Match and If-None-Match on manifest PUT and DELETE by tag, checked inside the commit."""

import threading

import pytest

from harness import content
from harness.content import digest_of


@pytest.fixture
def current(repo):
    return repo.push(content.image(), "v1")


@pytest.fixture
def update(repo):
    manifest = content.image()
    repo.push_parts(manifest)
    return manifest


def put(repo, manifest, reference="v1", **conditions):
    return repo.put_manifest(reference, manifest.data, manifest.media_type, **conditions)


def test_if_match_with_the_current_digest(repo, current, update):
    put(repo, update, if_match=f'"{current.digest}"').expect(201)
    assert repo.get_manifest("v1").body == update.data


@pytest.mark.parametrize("condition", [f'"{digest_of(b"another")}"', '"x"'])
def test_if_match_with_another_digest(repo, current, update, condition):
    put(repo, update, if_match=condition).expect(412)
    assert repo.get_manifest("v1").body == current.data


def test_if_match_on_a_tag_that_is_not_there(repo, current, update):
    put(repo, update, "v2", if_match=f'"{current.digest}"').expect(412)
    put(repo, update, "v2", if_match="*").expect(412)
    repo.get_manifest("v2").expect(404)


def test_if_match_any(repo, current, update):
    put(repo, update, if_match="*").expect(201)


def test_if_match_a_list(repo, current, update):
    put(repo, update, if_match=f'"{digest_of(b"x")}", "{current.digest}"').expect(201)


def test_a_weak_etag_never_matches(repo, current, update):
    put(repo, update, if_match=f'W/"{current.digest}"').expect(412)


def test_if_none_match_any_creates_only(repo, current, update):
    put(repo, update, if_none_match="*").expect(412)
    assert repo.get_manifest("v1").body == current.data
    put(repo, update, "v2", if_none_match="*").expect(201)
    assert repo.get_manifest("v2").body == update.data


def test_a_refusal_is_the_error_envelope(repo, current, update):
    assert put(repo, update, if_none_match="*").expect(412).error_code


def test_delete_if_match(repo, current):
    repo.delete_manifest("v1", if_match=f'"{digest_of(b"another")}"').expect(412)
    repo.head_manifest("v1").expect(200)
    repo.delete_manifest("v1", if_match=f'"{current.digest}"').expect(202)
    repo.head_manifest("v1").expect(404)


def test_with_a_wrong_condition_the_manifest_is_not_stored_by_tag(repo, current, update):
    put(repo, update, if_match='"x"').expect(412)
    assert repo.tag_names() == ["v1"]


def test_of_many_that_race_one_wins(server, repo, current):
    """Compare-and-swap: each thread tries to move the tag from the same digest."""
    images = [content.image() for _ in range(8)]
    for image in images:
        repo.push_parts(image)
    answers = [None] * len(images)
    start = threading.Barrier(len(images))

    def race(number):
        client = server.http()
        start.wait()
        answers[number] = client.put(repo.path("manifests/v1"), images[number].data, content_type=images[number].media_type,
                                     if_match=f'"{current.digest}"').status
        client.close()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [412] * 7
    assert repo.get_manifest("v1").body == images[answers.index(201)].data


def test_of_many_that_create_one_wins(server, repo):
    images = [content.image() for _ in range(8)]
    for image in images:
        repo.push_parts(image)
    answers = [None] * len(images)
    start = threading.Barrier(len(images))

    def race(number):
        client = server.http()
        start.wait()
        answers[number] = client.put(repo.path("manifests/new"), images[number].data, content_type=images[number].media_type,
                                     if_none_match="*").status
        client.close()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [412] * 7
