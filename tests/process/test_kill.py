"""kill -9 at random moments of a mixed push load (issue, "What it must show" 3): what was acknowledged is there byte for byte,
each tag names its last acknowledged manifest or one whose push was in flight, and nothing temporary stays.

BERTH_KILLS sets the number of rounds (50), BERTH_SEED repeats a run."""

import hashlib
import http.client
import os
import pathlib
import random
import threading
import time

from harness import content
from harness.content import Content, Manifest, digest_of
from harness.repository import Repository, with_query
from harness.server import Server
from harness.waiting import wait_for

ROUNDS = int(os.environ.get("BERTH_KILLS", "50"))
WORKERS = 4
# Everything is read again every so many rounds and at the end; in between what the last two rounds pushed and a sample.
FULL_CHECK_EVERY = 10
SAMPLE = 60

CONFIG = {
    # Longer than any upload of a round takes, short enough that the reaper has work while the test waits.
    "storage": {"delete": {"enabled": True}, "maintenance": {"uploadpurging": {"enabled": True, "age": "5s", "interval": "1s", "dryrun": False}}},
    "log": {"level": "warn", "accesslog": {"disabled": True}},
}
_GONE = (http.client.HTTPException, OSError)


class Ledger:
    """What one worker was told. Only its thread writes while a round runs; the test reads between rounds."""

    def __init__(self, name: str):
        self.name = name
        self.manifests: list = []  # acknowledged, in order
        self.blobs: list = []  # acknowledged blobs of no manifest
        self.tags: dict = {}  # tag -> the last acknowledged manifest
        self.in_flight: dict = {}  # tag -> manifests whose push was not answered; None for a delete
        self.open_uploads: list = []


class Worker(threading.Thread):
    """Pushes until the server is gone."""

    def __init__(self, server: Server, ledger: Ledger, dice: random.Random):
        super().__init__(daemon=True)
        self.repository = Repository(server.http(timeout=10), f"kill/{ledger.name}")
        self.ledger = ledger
        self.dice = dice
        self.problem = None

    def run(self):
        try:
            while True:
                self.dice.choice([self.push_image, self.push_image, self.push_image, self.push_index, self.push_referrer,
                                  self.push_several_tags, self.push_lone_blob, self.leave_an_upload, self.delete_a_tag])()
        except _GONE:
            pass
        except AssertionError as problem:
            self.problem = problem
        finally:
            self.repository.client.close()

    def upload(self, blob: Content):
        """One of the ways in, by chance."""
        repository, client, digest = self.repository, self.repository.client, blob.digest
        way = self.dice.randrange(4)
        if way == 0:
            client.post(repository.path(f"blobs/uploads/?digest={digest}"), blob.data).expect(201)
            return
        location = repository.start_upload("?digest-algorithm=" + blob.algorithm)["Location"]
        if way == 1:
            repository.finish_upload(location, digest, blob.data).expect(201)
            return
        middle = self.dice.randrange(len(blob.data) + 1)
        pieces = [blob.data[:middle], blob.data[middle:]]
        if way == 2:
            location = client.patch(location, iter([piece for piece in pieces if piece])).expect(202)["Location"]
            repository.finish_upload(location, digest).expect(201)
        else:
            location = client.patch(location, pieces[0]).expect(202)["Location"]
            repository.finish_upload(location, digest, pieces[1]).expect(201)

    def parts(self, manifest: Manifest):
        for blob in manifest.blobs:
            self.upload(blob)
        for child in manifest.children:
            self.parts(child)
            self.put(child, child.digest)

    def put(self, manifest: Manifest, reference: str, tags: tuple = ()):
        for tag in tags:
            self.ledger.in_flight.setdefault(tag, []).append(manifest)
        query = "" if reference != manifest.digest or not tags else "?" + "&".join(f"tag={tag}" for tag in tags)
        self.repository.put_manifest(reference, manifest.data, manifest.media_type, query).expect(201)
        self.ledger.manifests.append(manifest)
        for tag in tags:
            self.ledger.tags[tag] = manifest
            self.ledger.in_flight.pop(tag)

    def a_layer(self, algorithm: str = "sha256"):
        size = self.dice.choice([0, 100, 3_000, 3_000, 70_000, 600_000])
        return Content(self.dice.randbytes(size), content.OCI_LAYER, algorithm)

    def an_image(self, **options):
        algorithm = self.dice.choice(["sha256", "sha256", "sha512"])
        return content.image([self.a_layer(algorithm) for _ in range(self.dice.randrange(3))], algorithm=algorithm,
                             annotations={"n": str(self.dice.random())}, **options)

    def a_tag(self):
        return f"t{self.dice.randrange(6)}"

    def push_image(self):
        image, tag = self.an_image(), self.a_tag()
        self.parts(image)
        if image.algorithm == "sha256":
            self.put(image, tag, (tag,))
        else:
            self.put(image, image.digest, (tag,))

    def push_index(self):
        index, tag = content.index([self.an_image(), self.an_image(architecture="arm64")]), self.a_tag()
        self.parts(index)
        self.put(index, tag, (tag,))

    def push_referrer(self):
        if not self.ledger.manifests:
            return
        artifact = content.artifact(subject=self.dice.choice(self.ledger.manifests[-20:]))
        self.parts(artifact)
        self.put(artifact, artifact.digest)

    def push_several_tags(self):
        image = self.an_image()
        self.parts(image)
        self.put(image, image.digest, tuple(sorted({self.a_tag() for _ in range(3)})))

    def delete_a_tag(self):
        tag = self.a_tag()
        if tag in self.ledger.tags:
            self.ledger.in_flight.setdefault(tag, []).append(None)
            self.repository.delete_manifest(tag).expect(202)
            del self.ledger.tags[tag], self.ledger.in_flight[tag]

    def push_lone_blob(self):
        blob = self.a_layer()
        self.upload(blob)
        self.ledger.blobs.append(blob)

    def leave_an_upload(self):
        location = self.repository.start_upload()["Location"]
        self.ledger.open_uploads.append(location)
        self.repository.client.patch(location, self.dice.randbytes(5_000)).expect(202)


def check(server: Server, ledger: Ledger, manifests: list, blobs: list):
    """Reads back what `ledger` was told, and makes what its tags name now the acknowledged state."""
    repository = Repository(server.client, f"kill/{ledger.name}")
    for manifest in manifests:
        repository.assert_holds(manifest)
    for blob in blobs:
        repository.assert_has_blob(blob)
    for tag in sorted({*ledger.tags, *ledger.in_flight}):
        acknowledged, candidates = ledger.tags.get(tag), ledger.in_flight.get(tag, [])
        answer = repository.get_manifest(tag)
        if answer.status == 404:
            assert acknowledged is None or None in candidates, f"{ledger.name}:{tag} was acknowledged and is gone"
            ledger.tags.pop(tag, None)
            continue
        digest = answer.expect(200)["Docker-Content-Digest"]
        named = [each for each in [acknowledged, *candidates] if each is not None and each.digest == digest]
        assert named, f"{ledger.name}:{tag} names {digest}, which was neither acknowledged last nor in flight"
        repository.assert_holds(named[0], tag)
        ledger.tags[tag] = named[0]
    ledger.in_flight.clear()
    names = repository.tags()
    assert (names.json["tags"] if names.status == 200 else []) == sorted(ledger.tags)


def check_disk(root: pathlib.Path):
    """Every file in a blob's place holds the bytes that its name says, whoever was told of it."""
    blobs = root / "docker" / "registry" / "v2" / "blobs"
    for path in blobs.rglob("*"):
        if path.is_file():
            algorithm, hexadecimal = path.parts[-4], path.parts[-2]
            assert path.name == "data" and hashlib.new(algorithm, path.read_bytes()).hexdigest() == hexadecimal, path


def leftovers(root: pathlib.Path) -> list:
    return [path for name in ("uploads", "tmp") for path in (root / "berth" / name).rglob("*") if path.is_file()]


def test_kill_9(tmp_path):
    seed = int(os.environ.get("BERTH_SEED", random.SystemRandom().randrange(1 << 32)))
    dice = random.Random(seed)
    print(f"BERTH_SEED={seed}")
    server = Server(CONFIG, directory=tmp_path)
    ledgers = [Ledger(f"w{number}") for number in range(WORKERS)]
    try:
        for number in range(ROUNDS):
            server.start()
            recent = [(len(ledger.manifests), len(ledger.blobs)) for ledger in ledgers] if number else [(0, 0)] * WORKERS
            workers = [Worker(server, ledger, random.Random(dice.random())) for ledger in ledgers]
            for worker in workers:
                worker.start()
            time.sleep(dice.uniform(0.02, 0.7))  # the one thing here that is about time: the moment of the kill
            server.kill()
            for worker in workers:
                worker.join(30)
                assert not worker.is_alive(), "a client hangs on a killed server"
                assert worker.problem is None, f"round {number}, seed {seed}: {worker.problem}"
            server.start()
            is_full = number % FULL_CHECK_EVERY == FULL_CHECK_EVERY - 1 or number == ROUNDS - 1
            for ledger, (manifests, blobs) in zip(ledgers, recent):
                if is_full:
                    check(server, ledger, ledger.manifests, ledger.blobs)
                else:
                    old = dice.sample(ledger.manifests[:manifests], min(manifests, SAMPLE // WORKERS))
                    check(server, ledger, old + ledger.manifests[manifests:], ledger.blobs[blobs:])
            if dice.random() < 0.5:
                server.stop()  # a clean end now and then, so that both kinds of start meet both kinds of end
            else:
                server.kill()
        check_disk(server.root)
        pushed = sum(len(ledger.manifests) for ledger in ledgers)
        # A round has at most 0.7 s; far fewer would mean that the load did not run.
        assert pushed > ROUNDS * 2, f"only {pushed} manifests were acknowledged in {ROUNDS} rounds"
        print(f"{ROUNDS} kills, {pushed} manifests acknowledged")

        server.start()
        wait_for("the reaper to remove what the kills left", lambda: not leftovers(server.root), seconds=90, pause=0.2)
        for ledger in ledgers:
            for location in ledger.open_uploads[-50:]:
                server.client.get(location).expect_error(404, "BLOB_UPLOAD_UNKNOWN")
            check(server, ledger, ledger.manifests[-30:], ledger.blobs[-30:])
        server.stop()
    except BaseException:
        print(f"--- log (seed {seed}) ---\n{server.log[-6000:]}")
        raise
    finally:
        server.kill()


def test_an_upload_goes_on_after_a_kill(tmp_path):
    """Walkthrough: "upload broken off: resumable at the offset that GET tells, also after a restart"."""
    server = Server(directory=tmp_path)
    try:
        server.start()
        data = content.random_bytes(300_000)
        repository = Repository(server.client, "kill/resume")
        location = repository.start_upload()["Location"]
        server.client.patch(location, data[:200_000]).expect(202)
        server.kill()
        server.start()
        repository = Repository(server.client, "kill/resume")
        status = server.client.get(location).expect(204)
        assert status["Range"] == "0-199999", "acknowledged bytes survive"
        server.client.patch(location, data[200_000:], content_range="200000-299999").expect(202)
        server.client.put(with_query(location, f"digest={digest_of(data)}")).expect(201)
        assert repository.get_blob(digest_of(data)).body == data
        server.stop()
    finally:
        server.kill()


def test_kills_during_the_first_start(tmp_path):
    """Making the root, the database and the identity is cut off anywhere; the next start goes on from there."""
    dice = random.Random()
    for number in range(15):
        server = Server(CONFIG, directory=tmp_path / f"s{number}")
        try:
            for _ in range(2):
                server.spawn()
                time.sleep(dice.uniform(0.0, 0.08))  # the moment of the kill
                server.kill()
            server.start()
            Repository(server.client, "kill/start").push(content.image(), "v1")
            server.stop()
        finally:
            server.kill()
