"""A mixed push load that notes in a History what it asked for and what it was told."""

import json
import random
import threading
from typing import List

from harness.content import Content, Manifest, artifact, image, index, layer
from harness.http import Http
from harness.repository import Repository
from history import History

SHARED = "load/shared"


class Worker:
    """One client with a repository of its own, and a shared one in which all push the same blobs."""

    def __init__(self, client: Http, history: History, number: int, seed: int):
        self._history = history
        self._random = random.Random(seed * 1000 + number)
        self._name = f"load/w{number}"
        self._own = Repository(client, self._name)
        self._shared = Repository(client, SHARED)
        self._images: List[Manifest] = []  # pushed and not deleted
        self._tags = {}

    def run(self, rounds: int) -> None:
        actions = [self.push_image] * 6 + [self.push_index, self.push_artifact, self.delete_tag, self.delete_manifest,
                                           self.delete_blob, self.mount, self.push_shared, self.push_shared,
                                           self.leave_upload, self.finish_in_pieces]
        self.push_image()
        for _ in range(rounds):
            self._random.choice(actions)()

    # What a worker does

    def push_image(self) -> None:
        algorithm = self._random.choice(["sha256"] * 4 + ["sha512"])
        layers = [layer(size=self._random.choice([1, 700, 5_000, 60_000, 300_000]), seed=self._random.getrandbits(60),
                        algorithm=algorithm) for _ in range(self._random.randint(1, 3))]
        pushed = image(layers, seed=self._random.getrandbits(60), algorithm=algorithm)
        for blob in pushed.blobs:
            self._push_blob(self._own, blob)
        self._put(pushed, self._random.choice(["latest", "stable", "edge", f"v{len(self._images)}"]))
        self._images.append(pushed)

    def push_index(self) -> None:
        children = self._random.sample(self._images, min(2, len(self._images)))
        if children:
            self._put(index(children), "multi")

    def push_artifact(self) -> None:
        if not self._images:
            return
        made = artifact(subject=self._random.choice(self._images), payload=self._random.randbytes(200))
        for blob in made.blobs:
            self._push_blob(self._own, blob)
        self._put(made, None)

    def delete_tag(self) -> None:
        if not self._tags:
            return
        tag = self._random.choice(sorted(self._tags))
        deeds = self._history.begin((("tag", self._name, tag), None))
        self._own.delete_manifest(tag).expect(202)
        self._history.told(deeds)
        del self._tags[tag]

    def delete_manifest(self) -> None:
        # One that no index can name: the last image's tag may be moved on, older images may be children.
        if not self._images:
            return
        victim = image(seed=self._random.getrandbits(60))
        for blob in victim.blobs:
            self._push_blob(self._own, blob)
        self._put(victim, "doomed")
        tags = [tag for tag, digest in self._tags.items() if digest == victim.digest]
        deeds = self._history.begin((("manifest", self._name, victim.digest), False),
                                    *((("tag", self._name, tag), None) for tag in tags))
        self._own.delete_manifest(victim.digest).expect(202)
        self._history.told(deeds)
        for tag in tags:
            del self._tags[tag]

    def delete_blob(self) -> None:
        blob = Content(self._random.randbytes(2_000), "application/octet-stream")
        self._push_blob(self._own, blob)
        deeds = self._history.begin((("blob", self._name, blob.digest), False))
        self._own.client.delete(self._own.path(f"blobs/{blob.digest}")).expect(202)
        self._history.told(deeds)
        if self._random.random() < 0.5:
            self._push_blob(self._own, blob)

    def mount(self) -> None:
        blob = self._shared_blob()
        self._push_blob(self._shared, blob)
        deeds = self._history.begin((("blob", self._name, blob.digest), True))
        self._own.client.post(self._own.path(f"blobs/uploads/?mount={blob.digest}&from={SHARED}")).expect(201)
        self._history.told(deeds)

    def push_shared(self) -> None:
        self._push_blob(self._shared, self._shared_blob())

    def leave_upload(self) -> None:
        """An upload with some pieces that is never finished: what was acknowledged of it can be gone on from."""
        content = self._random.randbytes(50_000)
        location = self._own.start_upload()["Location"]
        key = ("upload", self._name, location.split("?")[0])
        self._history.uploads[key] = content
        self._history.told(self._history.begin((key, 0)))
        for start, end in ((0, 10_000), (10_000, 30_000)):
            deeds = self._history.begin((key, end))
            location = self._own.client.patch(location, content[start:end]).expect(202)["Location"]
            self._history.told(deeds)

    def finish_in_pieces(self) -> None:
        content = self._random.randbytes(self._random.choice([3_000, 90_000, 2_500_000]))
        blob = Content(content, "application/octet-stream")
        self._history.contents[blob.digest] = content
        location = self._own.start_upload()["Location"]
        cut = self._random.randint(1, len(content) - 1)
        location = self._own.client.patch(location, content[:cut]).expect(202)["Location"]
        deeds = self._history.begin((("blob", self._name, blob.digest), True))
        self._own.finish_upload(location, blob.digest, content[cut:]).expect(201)
        self._history.told(deeds)

    # How

    def _shared_blob(self) -> Content:
        number = self._random.randint(0, 9)
        return Content(random.Random(number).randbytes(number * 3_000), "application/octet-stream")

    def _push_blob(self, repository: Repository, blob: Content) -> None:
        self._history.contents[blob.digest] = blob.data
        deeds = self._history.begin((("blob", repository.name, blob.digest), True))
        if self._random.random() < 0.4:
            repository.client.post(repository.path(f"blobs/uploads/?digest={blob.digest}"), blob.data).expect(201)
        else:
            repository.push_blob(blob.data, blob.algorithm)
        self._history.told(deeds)

    def _put(self, manifest: Manifest, tag) -> None:
        self._history.contents[manifest.digest] = manifest.data
        changes = [(("manifest", self._name, manifest.digest), True)]
        if tag:
            changes.append((("tag", self._name, tag), manifest.digest))
        deeds = self._history.begin(*changes)
        # A tag alone says sha256; another algorithm is pushed by digest and tagged in the same request.
        reference, query = (tag, "") if tag and manifest.algorithm == "sha256" else (manifest.digest, f"?tag={tag}" if tag else "")
        self._own.put_manifest(reference, manifest.data, manifest.media_type, query).expect(201)
        self._history.told(deeds)
        if tag:
            self._tags[tag] = manifest.digest


def run_load(make_client, history: History, *, seed: int, workers: int = 4, rounds: int = 25) -> None:
    side_by_side(make_client, workers, lambda client, number: Worker(client, history, number, seed).run(rounds))


def side_by_side(make_client, workers: int, work) -> None:
    """`work(client, number)` by so many at once; the first failure of one is raised when all have ended."""
    failures: List[BaseException] = []

    def run(number: int) -> None:
        client = make_client()
        try:
            work(client, number)
        except BaseException as failure:  # noqa: B902  raised below, in the thread that is looked at
            failures.append(failure)
        finally:
            client.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def references(manifest: bytes) -> tuple:
    """(blobs, manifests) that a stored manifest cannot do without."""
    document = json.loads(manifest)
    blobs = [each["digest"] for each in document.get("layers", [])]
    if "config" in document:
        blobs.append(document["config"]["digest"])
    return blobs, [each["digest"] for each in document.get("manifests", [])]
