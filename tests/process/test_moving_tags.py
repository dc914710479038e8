"""Readers beside a writer that moves tags: whoever asks after a move was acknowledged sees it, on every connection."""

import threading
import time

from harness import content
from harness.repository import Repository
from test_load import in_parallel

WRITERS = 3
READERS = 5
SECONDS = 6.0


class Moves:
    """What one tag named, move by move. `acknowledged` counts the moves whose 201 has come back."""

    def __init__(self, tag):
        self.tag = tag
        self.digests = []
        self.acknowledged = 0

    def number_of(self, digest):
        """Counted from 1; no digest comes twice."""
        return self.digests.index(digest) + 1


def test_no_reader_sees_what_was_moved_away(berth):
    """Each writer moves a tag of its own through manifests that never come back; readers ask by GET, HEAD and list."""
    tags = [Moves(f"t{number}") for number in range(WRITERS)]
    ending = threading.Event()
    reads = []

    def write(moves):
        client = berth.http()
        repository = Repository(client, "moving/tags")
        while not ending.is_set():
            image = content.image([content.layer(size=200)])
            repository.push_parts(image)
            moves.digests.append(image.digest)  # before the request: from now on it may be seen
            repository.put_manifest(moves.tag, image.data, image.media_type).expect(201)
            moves.acknowledged = len(moves.digests)
        client.close()

    def read(number):
        client = berth.http()
        repository = Repository(client, "moving/tags")
        count = 0
        while not ending.is_set():
            moves = tags[count % WRITERS]
            since = moves.acknowledged
            answer = repository.head_manifest(moves.tag) if count % 2 else repository.get_manifest(moves.tag)
            if since > 0:
                answer.expect(200)
                seen = moves.number_of(answer["Docker-Content-Digest"])
                assert seen >= since, f"move {since} of {moves.tag} was acknowledged, and move {seen} was answered"
            count += 1
        reads.append(count)
        client.close()

    def end():
        time.sleep(SECONDS)
        ending.set()

    def guarded(work):
        def run():
            try:
                work()
            finally:
                ending.set()
        return run

    in_parallel([guarded(lambda moves=moves: write(moves)) for moves in tags] +
                [guarded(lambda number=number: read(number)) for number in range(READERS)] + [end])
    assert min(moves.acknowledged for moves in tags) > 10 and sum(reads) > 1000, "too slow to have shown anything"


def test_no_list_misses_what_was_pushed(berth):
    """A tag that was acknowledged is in the next list of tags, and its repository in the next catalog."""
    image = content.image()

    def push(number):
        client = berth.http()
        repository = Repository(client, f"moving/list{number}")
        repository.push_parts(image)
        deadline = time.monotonic() + SECONDS
        count = 0
        while time.monotonic() < deadline:
            repository.put_manifest(f"t{count:05}", image.data, image.media_type).expect(201)
            page = client.get(f"/v2/{repository.name}/tags/list?n=3&last=t{max(count - 2, 0):05}").expect(200).json
            assert page["tags"][-1:] == [f"t{count:05}"] or count == 0, f"t{count:05} is missing in {page}"
            assert repository.name in client.get("/v2/_catalog?n=1000").expect(200).json["repositories"]
            count += 1
        client.close()
        assert count > 10

    in_parallel([lambda number=number: push(number) for number in range(4)])
