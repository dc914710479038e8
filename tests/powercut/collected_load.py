"""A load over which the collector runs: a few images that everybody pushes, deletes and pushes again, as docker does it, while what was
deleted is being removed."""

import random
import time

from harness.content import Content, Manifest, OCI_LAYER, image
from harness.http import Http
from harness.repository import Repository
from history import History
from load import side_by_side

LAYERS = [Content(random.Random(number).randbytes(size), OCI_LAYER) for number, size in enumerate([10, 700, 5_000, 60_000] * 25)]
IMAGES = [image([LAYERS[(number * 5 + k) % len(LAYERS)] for k in range(1 + number % 3)], annotations={"image": str(number)})
          for number in range(80)]
# So many that most are pushed again when their promise is over and they are being removed, or were removed.
PAUSE_SECONDS = 0.05


class CollectedWorker:
    def __init__(self, client: Http, history: History, number: int, seed: int):
        self._history = history
        self._random = random.Random(seed * 1000 + number)
        self._repository = Repository(client, f"collected/w{number}")
        self._tags = {}

    def run(self, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            if self._tags and self._random.random() < 0.45:
                self._delete(self._random.choice(sorted(self._tags)))
            else:
                self._push(self._random.choice(IMAGES), f"t{self._random.randrange(3)}")
            time.sleep(self._random.uniform(0, 2 * PAUSE_SECONDS))

    def _push(self, pushed: Manifest, tag: str) -> None:
        name = self._repository.name
        for blob in pushed.blobs:
            self._history.contents[blob.digest] = blob.data
            self._history.looked_for.add((name, blob.digest))
            if self._repository.head_blob(blob.digest).status != 200:
                self._repository.push_blob(blob.data, blob.algorithm)
        self._history.contents[pushed.digest] = pushed.data
        deeds = self._history.begin((("manifest", name, pushed.digest), True), (("tag", name, tag), pushed.digest))
        self._repository.put_manifest(tag, pushed.data, pushed.media_type).expect(201)
        self._history.told(deeds)
        self._tags[tag] = pushed.digest

    def _delete(self, tag: str) -> None:
        name, digest = self._repository.name, self._tags[tag]
        named = [each for each, of in self._tags.items() if of == digest]
        deeds = self._history.begin((("manifest", name, digest), False), *((("tag", name, each), None) for each in named))
        self._repository.delete_manifest(digest).expect(202)
        self._history.told(deeds)
        for each in named:
            del self._tags[each]


def run_collected_load(make_client, history: History, *, seed: int, seconds: float, workers: int = 3) -> None:
    side_by_side(make_client, workers, lambda client, number: CollectedWorker(client, history, number, seed).run(seconds))
