#!/usr/bin/env python3
"""What collecting costs: the layers of the same number of deleted images in a small registry and in a large one, and beside Debian's
docker-registry on the same images.

Prints a Markdown table: wall time of the command, processor time of whoever does the work (the serving Berth; docker-registry's
offline collector), and their ratios. The promise is a second here, as a client would wait longer than that anyway.

Usage: collection_cost.py --program build/release/berth [--deleted 1000] [--small 2000] [--large 50000] [--peer]
"""

import argparse
import concurrent.futures
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "process"))

from harness import content  # noqa: E402
from harness.content import Content  # noqa: E402
from harness.repository import Repository  # noqa: E402
from harness.server import DISTRIBUTION, Server  # noqa: E402

THREADS = 8


def config(peer):
    settings = {"storage": {"delete": {"enabled": True}}, "log": {"level": "warn", "accesslog": {"disabled": True}}}
    if not peer:
        settings["gc"] = {"enabled": False, "promise": "1s", "grace": "1h"}
        settings["trash"] = {"keep": "0s"}
    return settings


class Filler:
    def __init__(self, server):
        self.server = server
        self.local = threading.local()
        self.shared = [Content(bytes([n]) * 5000, content.OCI_LAYER) for n in range(3)]
        self.base = content.image(self.shared, annotations={"base": "yes"})
        repository = Repository(server.http(), "cost/kept")
        repository.push(self.base, "base")

    def client(self):
        if not hasattr(self.local, "client"):
            self.local.client = self.server.http(timeout=120)
        return self.local.client

    def keep(self, number):
        """An image of its own that shares all its layers."""
        repository = Repository(self.client(), f"cost/kept{number % 50}")
        image = content.image(self.shared, annotations={"number": str(number)})
        for blob in image.blobs:
            if number < 50:
                repository.push_blob(blob.data)
        repository.put_manifest(f"t{number}", image.data, image.media_type).expect(201)

    def doomed(self, number):
        repository = Repository(self.client(), f"cost/doomed{number % 20}")
        image = content.image([self.shared[0], Content(b"doomed %d " % number * 200, content.OCI_LAYER)], annotations={"doomed": str(number)})
        repository.push(image, f"t{number}")
        return repository.name, image.digest

    def delete(self, image):
        name, digest = image
        Repository(self.client(), name).delete_manifest(digest).expect(202)


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill(server, kept, deleted, say):
    filler = Filler(server)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(filler.keep, range(50)))
        done = 0
        for _ in pool.map(filler.keep, range(50, kept), chunksize=50):
            done += 1
            if say and done % 1000 == 0:
                print(f"\r{done} of {kept}", end="", file=sys.stderr, flush=True)
        doomed = list(pool.map(filler.doomed, range(deleted)))
        list(pool.map(filler.delete, doomed))
    if say:
        print("\r\033[K", end="", file=sys.stderr)


def measure(program, kept, deleted, peer, say):
    with tempfile.TemporaryDirectory(prefix="collection-cost-") as directory:
        server = Server(config(peer), directory=directory, executable=program)
        try:
            server.start()
            fill(server, kept, deleted, say)
            time.sleep(3)  # promises end
            if peer:
                server.stop(expected=(0, 2, -15, 143))
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                started = time.monotonic()
                subprocess.run([program, "garbage-collect", str(server.config_path)], check=True, capture_output=True)
                wall = time.monotonic() - started
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            # The copies of manifests are made behind the pushes: they are not what is measured.
            last = -1
            while (now := processor_seconds(server.process.pid)) - max(last, 0) > 0.02 or last < 0:
                last = now
                time.sleep(1)
            started = time.monotonic()
            said = subprocess.run([program, "garbage-collect", str(server.config_path)], check=True, capture_output=True, text=True)
            wall = time.monotonic() - started
            cpu = processor_seconds(server.process.pid) - now
            assert f"and {0} manifests" in said.stdout and said.stdout.count("blob eligible") >= deleted, said.stdout[-500:]
            server.stop()
            return wall, cpu
        finally:
            server.kill()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", default=str(ROOT / "build" / "release" / "berth"))
    arguments.add_argument("--deleted", type=int, default=1000)
    arguments.add_argument("--small", type=int, default=2000)
    arguments.add_argument("--large", type=int, default=50_000)
    arguments.add_argument("--peer", action="store_true", help="docker-registry, too, on --deleted kept and --deleted deleted images")
    options = arguments.parse_args()
    program = os.path.abspath(options.program)
    say = sys.stderr.isatty()
    rows = [(f"Berth, {size} images", *measure(program, size, options.deleted, False, say)) for size in (options.small, options.large)]
    if options.peer:
        rows.append((f"Berth, {options.deleted} images, online", *measure(program, options.deleted, options.deleted, False, say)))
        rows.append((f"docker-registry, {options.deleted} images, offline", *measure(DISTRIBUTION, options.deleted, options.deleted, True, say)))
    print(f"| Collecting {options.deleted} deleted images | wall, s | processor, s |\n|---|---:|---:|")
    for name, wall, cpu in rows:
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    print(f"\nlarge / small: wall {rows[1][1] / rows[0][1]:.2f}, processor {rows[1][2] / rows[0][2]:.2f}")
    if options.peer:
        print(f"Berth / docker-registry: wall {rows[2][1] / rows[3][1]:.2f}, processor {rows[2][2] / rows[3][2]:.2f}")


if __name__ == "__main__":
    main()
