#!/usr/bin/env python3
"""A mixed load for a long time: pushers, pullers, deleters, listers and clients that break off, against one server.

Every answer is checked: a 5xx, wrong bytes or a missing acknowledged image is a failure. Memory, descriptors and threads
are sampled; they must not grow once the server is warm. Prints a line a minute and a summary; exits 1 on any failure.

Usage: soak.py --program build/release/berth --seconds 1800
"""

import argparse
import collections
import os
import pathlib
import random
import statistics
import sys
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "process"))

from harness import content  # noqa: E402
from harness.repository import Repository  # noqa: E402
from harness.server import berth_server  # noqa: E402

REPOSITORIES = [f"soak/app{number}" for number in range(8)]
KEPT_IMAGES = 400          # what a puller may ask for; older ones are deleted
IMAGES_PER_SECOND = 4.0    # all pushers together: nothing is collected yet, so this bounds the disk
SAMPLE_SECONDS = 5.0
GROWTH_ALLOWED_MIB = 32    # and a fifth, from the middle of the run to its end


class Soak:
    """What the actors share."""

    def __init__(self, server, seconds):
        self.server = server
        self.ends_at = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.images = collections.OrderedDict()  # (repository, tag) -> manifest; guarded
        self.counts = collections.Counter()      # guarded
        self.problems = []                       # guarded
        self.samples = []                        # sampler only

    def is_over(self):
        return time.monotonic() >= self.ends_at or len(self.problems) > 20

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def fail(self, text):
        with self.lock:
            self.problems.append(text)
        print(f"FAILED: {text}", flush=True)

    def pick(self, generator):
        """Some image that is there, taken out of reach of the deleter until put back; None if there is none."""
        with self.lock:
            if not self.images:
                return None
            key = generator.choice(list(self.images))
            return key, self.images.pop(key)

    def put_back(self, key, manifest):
        with self.lock:
            self.images[key] = manifest


def push(soak, generator, client):
    repository = Repository(client, generator.choice(REPOSITORIES))
    sizes = [generator.choice([100, 4_000, 60_000, 400_000]) for _ in range(generator.randint(1, 4))]
    image = content.image([content.layer(size=size, seed=generator.getrandbits(48)) for size in sizes])
    for blob in image.blobs:
        way = generator.choice(["whole", "chunks"])
        if way == "whole":
            repository.push_blob(blob.data)
        else:
            push_in_chunks(repository, blob)
    tag = f"t{generator.getrandbits(40):x}"
    client.put(repository.path(f"manifests/{tag}"), image.data, content_type=image.media_type).expect(201)
    soak.put_back((repository.name, tag), image)
    soak.count("pushed")
    time.sleep(generator.uniform(0, 2 * 2 / IMAGES_PER_SECOND))


def push_in_chunks(repository, blob):
    location = repository.start_upload()["Location"]
    half = len(blob.data) // 2
    for part in (blob.data[:half], blob.data[half:]):
        location = repository.client.patch(location, part, content_type="application/octet-stream").expect(202)["Location"]
    repository.finish_upload(location, blob.digest).expect(201)


def pull(soak, generator, client):
    picked = soak.pick(generator)
    if picked is None:
        time.sleep(0.2)
        return
    key, image = picked
    try:
        name, tag = key
        answer = client.get(f"/v2/{name}/manifests/{tag}", accept=content.ANY).expect(200)
        assert answer.body == image.data, f"{name}:{tag} is not what was pushed"
        for blob in image.blobs:
            got = client.get(f"/v2/{name}/blobs/{blob.digest}").expect(200)
            assert got.body == blob.data, f"{blob.digest} has other bytes"
        if image.blobs:
            blob = generator.choice(image.blobs)
            start = generator.randrange(len(blob.data))
            part = client.get(f"/v2/{name}/blobs/{blob.digest}", range=f"bytes={start}-").expect(206)
            assert part.body == blob.data[start:], "a range has other bytes"
    finally:
        soak.put_back(key, image)
    soak.count("pulled")


def delete(soak, generator, client):
    with soak.lock:
        too_many = len(soak.images) > KEPT_IMAGES
        key, image = soak.images.popitem(last=False) if too_many else (None, None)
    if key is None:
        time.sleep(0.5)
        return
    name, tag = key
    client.delete(f"/v2/{name}/manifests/{tag}").expect(202)
    client.get(f"/v2/{name}/manifests/{tag}", accept=content.ANY).expect(404)
    if generator.random() < 0.5:
        client.delete(f"/v2/{name}/manifests/{image.digest}").expect(202)
    soak.count("deleted")


def walk(soak, generator, client):
    name = generator.choice(REPOSITORIES)
    target, seen = f"/v2/{name}/tags/list?n=50", []
    while target and not soak.is_over():
        answer = client.get(target).expect(200, 404)
        if answer.status == 404:
            break
        seen += answer.json["tags"]
        link = answer.get("Link")
        target = link.split(">")[0].lstrip("<") if link else None
    assert seen == sorted(set(seen)), f"the tags of {name} are not in order"
    client.get("/v2/_catalog").expect(200)
    soak.count("walked")
    time.sleep(0.5)


def break_off(soak, generator, client):
    """Clients as they are: gone in the middle of a body, half a request, an answer that nobody reads."""
    name = generator.choice(REPOSITORIES)
    kind = generator.choice(["half body", "half head", "unread", "garbage", "cancel"])
    if kind == "half body":
        location = client.post(f"/v2/{name}/blobs/uploads/").expect(202)["Location"]
        path = "/" + location.split("/", 3)[3] if "://" in location else location
        with client.connect() as connection:
            connection.sendall(f"PATCH {path} HTTP/1.1\r\nHost: soak\r\nContent-Length: 1000000\r\n\r\n".encode())
            connection.sendall(bytes(generator.randrange(1, 200_000)))
    elif kind == "half head":
        with client.connect() as connection:
            connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: so")
    elif kind == "unread":
        picked = soak.pick(generator)
        if picked:
            soak.put_back(*picked)
            (repository, _), image = picked
            with client.connect() as connection:
                connection.sendall(f"GET /v2/{repository}/blobs/{image.blobs[-1].digest} HTTP/1.1\r\nHost: soak\r\n\r\n".encode() * 4)
    elif kind == "garbage":
        with client.connect() as connection:
            connection.sendall(generator.randbytes(300))
    else:
        location = client.post(f"/v2/{name}/blobs/uploads/").expect(202)["Location"]
        client.delete(location).expect(204)
    soak.count("broken off")
    time.sleep(generator.uniform(0, 0.3))


def run_actor(soak, act, seed):
    generator = random.Random(seed)
    client = soak.server.http()
    while not soak.is_over():
        try:
            act(soak, generator, client)
        except Exception:
            soak.fail(f"{act.__name__}: {traceback.format_exc(limit=3)}")
            client.close()
    client.close()


def sample(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return {"rss_mib": int(fields["VmRSS"].split()[0]) / 1024, "threads": int(fields["Threads"]),
            "descriptors": len(os.listdir(f"/proc/{process.pid}/fd"))}


def watch(soak):
    next_line = time.monotonic() + 60
    while not soak.is_over():
        time.sleep(SAMPLE_SECONDS)
        if soak.server.process.poll() is not None:
            soak.fail(f"the server ended with {soak.server.process.returncode}:\n{soak.server.log[-3000:]}")
            soak.ends_at = 0
            return
        soak.samples.append(sample(soak.server.process))
        if time.monotonic() >= next_line:
            next_line += 60
            print(f"{dict(soak.counts)} {soak.samples[-1]}", flush=True)


def judge_growth(soak):
    """Compares the middle third with the last: what still grows then, leaks."""
    third = len(soak.samples) // 3
    if third < 3:
        print("too short to judge growth")
        return
    for key, allowance in (("rss_mib", GROWTH_ALLOWED_MIB), ("descriptors", 64), ("threads", 4)):
        middle = statistics.median(each[key] for each in soak.samples[third:2 * third])
        last = statistics.median(each[key] for each in soak.samples[2 * third:])
        print(f"{key}: median {middle:.0f} in the middle, {last:.0f} at the end")
        if last > middle * 1.2 + allowance:
            soak.fail(f"{key} grows: {middle:.0f} -> {last:.0f}")


def check_everything(soak):
    """After the load and a restart every acknowledged image is whole."""
    client = soak.server.http()
    for (name, tag), image in soak.images.items():
        if client.get(f"/v2/{name}/manifests/{tag}", accept=content.ANY).body != image.data:
            soak.fail(f"{name}:{tag} is gone or changed")
        for blob in image.blobs:
            if client.get(f"/v2/{name}/blobs/{blob.digest}").body != blob.data:
                soak.fail(f"{blob.digest} of {name}:{tag} is gone or changed")
    client.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", default=str(ROOT / "build" / "release" / "berth"))
    arguments.add_argument("--seconds", type=float, default=1800)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    options = arguments.parse_args()
    print(f"soak of {options.seconds:g} s, seed {options.seed}", flush=True)

    config = {"log": {"level": "warn", "accesslog": {"disabled": True}},
              "storage": {"delete": {"enabled": True},
                          "maintenance": {"uploadpurging": {"age": "30s", "interval": "20s"}}}}
    with berth_server(config, executable=os.path.abspath(options.program)) as server:
        soak = Soak(server, options.seconds)
        actors = [push, push, pull, pull, pull, delete, walk, break_off]
        threads = [threading.Thread(target=run_actor, args=(soak, act, options.seed * 100 + number))
                   for number, act in enumerate(actors)]
        for thread in threads:
            thread.start()
        watch(soak)
        for thread in threads:
            thread.join()
        judge_growth(soak)
        if server.process.poll() is None:
            server.stop()
            server.start()
            check_everything(soak)
    print(f"{sum(soak.counts.values())} rounds {dict(soak.counts)}, {len(soak.images)} images checked after a restart")
    print("soak: passed" if not soak.problems else f"soak: {len(soak.problems)} failures")
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
