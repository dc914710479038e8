#!/usr/bin/env python3
"""Collecting garbage while clients push, delete, push the same again, mount, move tags and pull, with kill -9, a failing and a full
disk between: what was acknowledged and not deleted is there whole, and in the end nothing is left that nobody refers to.

A client does what docker does: it asks for each blob with HEAD, mounts or uploads what is not there, and then puts the manifest.
So an answer that a blob exists is a promise, and a manifest refused after it is a loss like any other.

Against Debian's docker-registry (--peer) its own collector runs beside the pushes, again and again: the harness must find losses
there, or it looks in the wrong place.

Usage: collection_soak.py --program build/release/berth --seconds 1800 [--seed N] [--kill-every 4] [--faults] [--links] [--peer]
"""

import argparse
import collections
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "process"))

from harness import content  # noqa: E402
from harness.content import Content  # noqa: E402
from harness.repository import Repository, with_query  # noqa: E402
from harness.server import DISTRIBUTION, Server  # noqa: E402

WORKERS = 4
REPOSITORIES_EACH = 2
LAYERS = 36         # shared by all: pushed, collected and pushed again by everybody
IMAGES = 48
TAGS = 5            # of one repository
PROMISE_SECONDS = 4.0
GRACES = ["0s", "1s"]
TRASH = ["0s", "3s"]
FAULTS = [
    "enable_random name=posix/io/sync/fdatasync,probability=.05",
    "enable_random name=posix/io/sync/fsync,probability=.05",
    "enable_random name=posix/io/rw/write,probability=.01",
    "enable_random name=posix/io/rw/pwrite,probability=.01",
    "enable_random name=posix/io/dir/unlink,probability=.2",
]
DISK_MEGABYTES = 512
_GONE = (http.client.HTTPException, OSError)


def a_layer(number):
    generator = random.Random(number)
    size = generator.choice([10, 2_000, 30_000, 200_000])
    return Content(generator.randbytes(size), content.OCI_LAYER)


class World:
    """Contents that are the same for everybody, so that everything is pushed again after it was collected."""

    def __init__(self):
        self.layers = [a_layer(number) for number in range(LAYERS)]
        self.images = [content.image([self.layers[(number * 5 + k * k) % LAYERS] for k in range(1 + number % 4)],
                                     annotations={"image": str(number)}) for number in range(IMAGES)]
        self.indexes = [content.index([self.images[number], self.images[(number + 7) % IMAGES]], annotations={"index": str(number)})
                        for number in range(12)]

    def referrer(self, subject, number):
        return content.artifact(subject=subject, payload=b"about %d" % number, annotations={"referrer": str(number)})


class Ledger:
    """What one worker was told. Its thread alone writes while the server runs."""

    def __init__(self):
        self.tags = {}       # (repository, tag) -> acknowledged manifest
        self.in_flight = {}  # the same -> manifests, or None for a delete, that were not answered
        self.referrers = {}  # (repository, digest of a subject that was tagged ever since) -> {digest: artifact}

    def begin(self, key, manifest):
        self.in_flight.setdefault(key, []).append(manifest)

    def end(self, key, manifest):
        self.in_flight.pop(key, None)
        was = self.tags.pop(key, None)
        if manifest is not None:
            self.tags[key] = manifest
        if was is not None and not any(name == key[0] and each.digest == was.digest for (name, _), each in self.tags.items()):
            self.referrers.pop((key[0], was.digest), None)


class Findings:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.losses = []

    def count(self, what, by=1):
        with self.lock:
            self.counts[what] += by

    def lose(self, text):
        with self.lock:
            self.losses.append(text)
        print(f"LOST: {text}", flush=True)


class Refused(Exception):
    """The server said that it cannot now (5xx): nothing was promised and nothing is lost."""


class Worker(threading.Thread):
    def __init__(self, server, world, ledger, findings, name, seed, stop):
        super().__init__(daemon=True)
        self.world, self.ledger, self.findings, self.stop = world, ledger, findings, stop
        self.dice = random.Random(seed)
        self.client = server.http(timeout=30)
        self.repositories = [Repository(self.client, f"soak/{name}/r{number}") for number in range(REPOSITORIES_EACH)]

    def run(self):
        ways = [self.push, self.push, self.push, self.move_tag, self.delete_tag, self.delete_manifest, self.push_index, self.push_referrer,
                self.pull, self.pull]
        try:
            while not self.stop.is_set():
                try:
                    self.dice.choice(ways)()
                except Refused:
                    self.findings.count("refused for a fault")
                    time.sleep(0.02)
        except _GONE:
            pass
        except AssertionError as problem:
            self.findings.lose(str(problem))
        finally:
            self.client.close()

    def ok(self, answer, *statuses):
        if answer.status >= 500:
            raise Refused
        return answer.expect(*statuses)

    def put_blob(self, repository, blob):
        """As docker does: HEAD, a mount from somewhere, an upload."""
        if self.ok(repository.head_blob(blob.digest), 200, 404).status == 200:
            self.findings.count("found by HEAD")
            return
        if self.dice.random() < 0.5:
            other = self.dice.choice(self.repositories)
            answer = self.ok(self.client.post(repository.path(f"blobs/uploads/?mount={blob.digest}&from={other.name}")), 201, 202)
            if answer.status == 201:
                self.findings.count("mounted")
                return
            location = answer["Location"]
        else:
            location = self.ok(self.client.post(repository.path("blobs/uploads/")), 202)["Location"]
        if self.dice.random() < 0.3:
            half = len(blob.data) // 2
            location = self.ok(self.client.patch(location, blob.data[:half]), 202)["Location"]
            self.ok(self.client.put(with_query(location, f"digest={blob.digest}"), blob.data[half:]), 201)
        else:
            self.ok(self.client.put(with_query(location, f"digest={blob.digest}"), blob.data), 201)
        self.findings.count("uploaded")

    def put_parts(self, repository, manifest):
        for blob in manifest.blobs:
            self.put_blob(repository, blob)
        for child in manifest.children:
            if self.ok(repository.head_manifest(child.digest, accept=content.ANY), 200, 404).status == 200:
                continue
            self.put_parts(repository, child)
            self.ok(repository.put_manifest(child.digest, child.data, child.media_type), 201)

    def push_as(self, repository, manifest, tag):
        begun = time.monotonic()
        self.put_parts(repository, manifest)
        if self.dice.random() < 0.2:
            time.sleep(self.dice.uniform(0, 0.5))  # a slow client: the promise has to hold
        key = (repository.name, tag)
        self.ledger.begin(key, manifest)
        answer = repository.put_manifest(tag, manifest.data, manifest.media_type)
        if answer.status == 404 or answer.status == 400:
            taken = time.monotonic() - begun
            if taken > PROMISE_SECONDS * 0.7:
                self.findings.count("pushes that took longer than the promise")  # a machine that stood still
                self.ledger.in_flight.pop(key)
                return
            raise AssertionError(f"{repository.name}:{tag} was refused {taken:.1f} s after its parts were said to be there: {answer}")
        self.ok(answer, 201)
        self.ledger.end(key, manifest)
        self.findings.count("pushed")

    def a_tag(self):
        return f"t{self.dice.randrange(TAGS)}"

    def push(self):
        self.push_as(self.dice.choice(self.repositories), self.dice.choice(self.world.images), self.a_tag())

    def push_index(self):
        self.push_as(self.dice.choice(self.repositories), self.dice.choice(self.world.indexes), self.a_tag())

    def pick(self):
        return self.dice.choice(sorted(self.ledger.tags)) if self.ledger.tags else None

    def repository_named(self, name):
        return next(each for each in self.repositories if each.name == name)

    def move_tag(self):
        """Another tag for an image that is there: no part of it is pushed."""
        key = self.pick()
        if key is None:
            return
        manifest, repository = self.ledger.tags[key], self.repository_named(key[0])
        other = (key[0], self.a_tag())
        self.ledger.begin(other, manifest)
        self.ok(repository.put_manifest(other[1], manifest.data, manifest.media_type), 201)
        self.ledger.end(other, manifest)
        self.findings.count("tags moved")

    def delete_tag(self):
        key = self.pick()
        if key is None:
            return
        self.ledger.begin(key, None)
        self.ok(self.repository_named(key[0]).delete_manifest(key[1]), 202)
        self.ledger.end(key, None)
        self.findings.count("tags deleted")

    def delete_manifest(self):
        key = self.pick()
        if key is None:
            return
        manifest, repository = self.ledger.tags[key], self.repository_named(key[0])
        # An index that names it would be left without a child: clients do not do that.
        if any(manifest in each.children for (name, _), each in self.ledger.tags.items() if name == key[0]):
            return
        named = [each for each, tagged in self.ledger.tags.items() if each[0] == key[0] and tagged.digest == manifest.digest]
        for each in named:
            self.ledger.begin(each, None)
        self.ok(repository.delete_manifest(manifest.digest), 202)
        for each in named:
            self.ledger.end(each, None)
        self.findings.count("manifests deleted")

    def push_referrer(self):
        key = self.pick()
        if key is None:
            return
        subject, repository = self.ledger.tags[key], self.repository_named(key[0])
        artifact = self.world.referrer(subject, self.dice.randrange(3))
        self.put_parts(repository, artifact)
        self.ok(repository.put_manifest(artifact.digest, artifact.data, artifact.media_type), 201)
        self.ledger.referrers.setdefault((key[0], subject.digest), {})[artifact.digest] = artifact
        self.findings.count("referrers pushed")

    def pull(self):
        key = self.pick()
        if key is None:
            return
        manifest, repository = self.ledger.tags[key], self.repository_named(key[0])
        pull_whole(repository, manifest, key[1], self.findings, self.ok)
        artifacts = self.ledger.referrers.get((key[0], manifest.digest), {})
        if artifacts:
            listed = {entry["digest"] for entry in self.ok(repository.referrers(manifest.digest), 200).json["manifests"]}
            missing = set(artifacts) - listed
            assert not missing, f"{repository.name}: {manifest.digest} lost its referrers {missing}"
            for digest, artifact in artifacts.items():
                pull_whole(repository, artifact, digest, self.findings, self.ok)


def pull_whole(repository, manifest, reference, findings, ok=lambda answer, *statuses: answer.expect(*statuses)):
    answer = ok(repository.get_manifest(reference, accept=content.ANY), 200)
    assert answer.body == manifest.data, f"{repository.name}:{reference} is not what was pushed"
    for blob in manifest.blobs:
        got = ok(repository.get_blob(blob.digest), 200)
        assert got.body == blob.data, f"{repository.name}@{blob.digest} has other bytes"
    for child in manifest.children:
        pull_whole(repository, child, child.digest, findings, ok)
    findings.count("pulled")


def check(server, ledger, findings):
    """After a restart: everything that one worker was told, and what its unanswered requests may have done."""
    client = server.http(timeout=60)
    names = sorted({*ledger.tags, *ledger.in_flight})
    for key in names:
        repository, acknowledged = Repository(client, key[0]), ledger.tags.get(key)
        candidates = [acknowledged, *ledger.in_flight.get(key, [])]
        answer = repository.get_manifest(key[1], accept=content.ANY).expect(200, 404)
        if answer.status == 404:
            if None not in candidates:
                findings.lose(f"{key[0]}:{key[1]} was acknowledged and is gone")
            ledger.tags.pop(key, None)
            continue
        named = [each for each in candidates if each is not None and each.data == answer.body]
        if not named:
            findings.lose(f"{key[0]}:{key[1]} names what was neither acknowledged nor in flight")
            continue
        try:
            pull_whole(repository, named[0], key[1], findings)
        except AssertionError as problem:
            findings.lose(f"{key[0]}:{key[1]}: {problem}")
        ledger.tags[key] = named[0]
    ledger.in_flight.clear()
    ledger.referrers.clear()  # what was in flight may have taken a subject's last tag for a moment
    client.close()


def config(peer, grace, trash="0s", links=False):
    settings = {"storage": {"delete": {"enabled": True}},
                "log": {"level": "warn", "accesslog": {"disabled": True}}}
    if peer:
        return settings
    settings["storage"]["maintenance"] = {"uploadpurging": {"enabled": True, "age": "30s", "interval": "1s", "dryrun": False}}
    settings["gc"] = {"grace": grace, "promise": f"{PROMISE_SECONDS:g}s", "interval": "20ms",
                      "untagged": {"delete": True, "keep": "0s"}, "pace": {"deletions": 0}}
    settings["trash"] = {"keep": trash}
    settings["storage"]["distribution_links"] = links
    return settings


def collect_beside(server, stop, findings):
    """docker-registry's collector, which its documentation wants the registry to be stopped for."""
    while not stop.wait(0.5):
        subprocess.run([server.executable, "garbage-collect", str(server.config_path)], capture_output=True, check=False)
        findings.count("collections beside the server")


@contextlib.contextmanager
def small_disk():
    """An ext4 of its own, which can be filled."""
    with tempfile.TemporaryDirectory(prefix="soak-disk-") as directory:
        image, place = pathlib.Path(directory) / "image", pathlib.Path(directory) / "disk"
        place.mkdir()
        with open(image, "wb") as file:
            file.truncate(DISK_MEGABYTES << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, place], check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", place], check=True)


def fill_disk(ballast):
    """To the last byte: what others free meanwhile is theirs."""
    with contextlib.suppress(OSError), open(ballast, "ab", buffering=0) as file:
        for piece in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(piece)) == piece:
                    pass


def files_of(root):
    blobs = root / "docker" / "registry" / "v2" / "blobs"
    return {f"{path.parts[-4]}:{path.parts[-2]}": path for path in blobs.rglob("data")}


def allow(repository, manifest, allowed):
    """A manifest, its blobs and children, and what refers to any of them: the last may be referred to in its turn."""
    allowed.update([manifest.digest, *(blob.digest for blob in manifest.blobs)])
    for child in manifest.children:
        allow(repository, child, allowed)
    referrers = [entry["digest"] for entry in repository.referrers(manifest.digest).expect(200).json["manifests"]]
    while referrers:
        digest = referrers.pop()
        document = repository.get_manifest(digest, accept=content.ANY).expect(200).json
        allowed.update([digest, document["config"]["digest"], *(layer["digest"] for layer in document["layers"])])
        referrers += [entry["digest"] for entry in repository.referrers(digest).expect(200).json["manifests"]]


def check_nothing_left(server, ledgers, findings):
    """Promises and the grace are over: files and rows are those of what is tagged, and of what refers to it."""
    deadline = time.monotonic() + PROMISE_SECONDS + 60
    allowed = set()
    client = server.http(timeout=60)
    for ledger in ledgers:
        for (name, _), manifest in ledger.tags.items():
            allow(Repository(client, name), manifest, allowed)
    client.close()
    while True:
        left = set(files_of(server.root)) - allowed
        if not left or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    for digest in sorted(left):
        told = subprocess.run([server.executable, "explain", digest, "--config", str(server.config_path)], capture_output=True, text=True, check=False)
        findings.lose(f"left behind: {digest}\n{told.stdout}{told.stderr}")
    said = subprocess.run([server.executable, "garbage-collect", "-d", "-m", "--json", str(server.config_path)], capture_output=True, text=True, check=True)
    summary = json.loads(said.stdout.splitlines()[-1])
    if summary["blobs"] or summary["manifests"]:
        findings.lose(f"garbage-collect still finds something: {summary}")
    for digest, path in files_of(server.root).items():
        algorithm, hexadecimal = digest.split(":")
        if hashlib.new(algorithm, path.read_bytes()).hexdigest() != hexadecimal:
            findings.lose(f"{path} has other bytes")


def check_links(server, ledgers, findings):
    """The link tree is what the metadata says, with nothing to do."""
    said = subprocess.run([server.executable, "export", "--layout", "distribution", "--verify", str(server.config_path)],
                          capture_output=True, text=True, check=False)
    findings.count("links compared", int(said.stdout.split(" links compared")[0].split()[-1]) if "links compared" in said.stdout else 0)
    if said.returncode != 0:
        findings.lose(f"the link tree differs:\n{said.stdout[-3000:]}{said.stderr}")


def check_handed_back(server, ledgers, findings):
    """docker-registry on the same volume serves everything."""
    peer = Server(config(True, ""), root=server.root, executable=DISTRIBUTION)
    try:
        peer.start()
        for ledger in ledgers:
            check(peer, ledger, findings)
            findings.count("tags served by docker-registry", len(ledger.tags))
        peer.stop(expected=(0, 2, -15, 143))
    finally:
        peer.kill()
        peer.remove()


def run(arguments, findings):
    dice = random.Random(arguments.seed)
    world = World()
    ledgers = [Ledger() for _ in range(WORKERS)]
    executable = DISTRIBUTION if arguments.peer else os.path.abspath(arguments.program)
    disk = arguments.disk
    server = Server(config(arguments.peer, GRACES[0]), directory=arguments.directory, root=disk and disk / "root", executable=executable)
    ballast = disk and disk / "ballast"
    ends_at = time.monotonic() + arguments.seconds
    told_at = time.monotonic()
    rounds = 0
    try:
        while time.monotonic() < ends_at and not findings.losses:
            with_faults = arguments.faults and rounds % 3 == 2
            with_full_disk = disk and rounds % 3 == 1
            server._extra = config(arguments.peer, dice.choice(GRACES), dice.choice(TRASH), arguments.links)
            server._wrapper = ["fiu-run", "-x", "-c", dice.choice(FAULTS)] if with_faults else []
            try:
                server.start()
            except AssertionError:
                if not with_faults:
                    raise
                server.kill()  # it may refuse to start on a disk that fails
                continue
            stop = threading.Event()
            workers = [Worker(server, world, ledger, findings, f"w{number}", dice.random(), stop) for number, ledger in enumerate(ledgers)]
            for worker in workers:
                worker.start()
            collector = threading.Thread(target=collect_beside, args=(server, stop, findings), daemon=True)
            if arguments.peer:
                collector.start()
            length = min(dice.uniform(0.3, 2 * arguments.kill_every), max(0.1, ends_at - time.monotonic()))
            if with_full_disk:
                time.sleep(length / 3)
                fill_disk(ballast)
                time.sleep(length / 3)
                if dice.random() < 0.5:  # else it is killed while the disk is full
                    ballast.unlink()
                time.sleep(length / 3)
            else:
                time.sleep(length)
            if arguments.peer:
                stop.set()
                for worker in workers:
                    worker.join(60)
                collector.join(60)
                server.stop(expected=(0, 2, -15, 143))
            else:
                server.kill()
                stop.set()
                for worker in workers:
                    worker.join(60)
            rounds += 1
            findings.count("rounds with a failing disk" if with_faults else "rounds with a full disk" if with_full_disk else "rounds")
            server._wrapper = []
            if with_full_disk:
                ballast.unlink(missing_ok=True)
            server.start()
            for ledger in ledgers:
                check(server, ledger, findings)
            server.kill()
            if time.monotonic() - told_at > 60:
                told_at = time.monotonic()
                print(f"{arguments.seconds - (ends_at - told_at):7.0f} s: {dict(sorted(findings.counts.items()))}", flush=True)
        if not arguments.peer and not findings.losses:
            server.start()
            stop = threading.Event()
            workers = [Worker(server, world, ledger, findings, f"w{number}", dice.random(), stop) for number, ledger in enumerate(ledgers)]
            for worker in workers:
                worker.start()
            time.sleep(2)
            stop.set()
            for worker in workers:
                worker.join(60)
            for ledger in ledgers:
                check(server, ledger, findings)
            check_nothing_left(server, ledgers, findings)
            if arguments.links:
                check_links(server, ledgers, findings)
            server.stop()
            if arguments.links:
                check_handed_back(server, ledgers, findings)
    finally:
        server.kill()
    return rounds


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", default=str(ROOT / "build" / "release" / "berth"))
    arguments.add_argument("--seconds", type=float, default=300)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments.add_argument("--kill-every", type=float, default=3, help="seconds between two kills, about")
    arguments.add_argument("--faults", action="store_true", help="in every third round calls to the disk fail (needs fiu-run), in every third it is full (root)")
    arguments.add_argument("--peer", action="store_true", help="docker-registry with its collector beside the pushes")
    arguments.add_argument("--links", action="store_true", help="with storage.distribution_links: in the end docker-registry serves the volume")
    arguments.add_argument("--directory", help="for the server's files; a temporary one unless given")
    options = arguments.parse_args()
    print(f"--seed {options.seed}", flush=True)
    findings = Findings()
    with small_disk() if options.faults and os.geteuid() == 0 else contextlib.nullcontext() as options.disk:
        rounds = run(options, findings)
    print(f"{rounds} rounds; " + ", ".join(f"{count} {what}" for what, count in sorted(findings.counts.items())))
    print(f"lost or wrong: {len(findings.losses)}")
    return 1 if findings.losses else 0


if __name__ == "__main__":
    sys.exit(main())
