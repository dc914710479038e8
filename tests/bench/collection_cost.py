#!/usr/bin/env python3
"""What collecting costs: the layers of the same number of deleted images in a small registry and in a large one, beside Debian's
docker-registry on the same images, and what pushes and pulls feel of it.

Prints Markdown tables: wall time of the command; processor time of whoever does the work (the serving Berth; docker-registry's
offline collector); steps of SQLite's machine, which depend on nothing but the work. The images that stay were looked at by the
collector before, as in any registry that is older than its grace. The promise is a second here, as a client would wait longer than
that anyway. Latencies are taken by a process that pushes and one that pulls, before, during and after a collection at full speed.

Usage: collection_cost.py --program build/release/berth [--deleted 1000] [--small 2000] [--large 200000] [--peer] [--latency 20000]
"""

import argparse
import concurrent.futures
import multiprocessing
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
from harness.http import Http  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.repository import Repository  # noqa: E402
from harness.server import DISTRIBUTION, Server  # noqa: E402

THREADS = 8
STEPS = "berth_metadata_sql_steps_total"


def config(peer):
    settings = {"storage": {"delete": {"enabled": True}}, "log": {"level": "warn", "accesslog": {"disabled": True}}}
    if not peer:
        settings["gc"] = {"enabled": False, "promise": "1s", "grace": "1h"}
        settings["trash"] = {"keep": "0s"}
        settings["http"] = {"debug": {"addr": f"127.0.0.1:{free_port()}", "prometheus": {"enabled": True}}}
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


def steps(server):
    port = int(server.configuration()["http"]["debug"]["addr"].rpartition(":")[2])
    client = Http("127.0.0.1", port)
    try:
        lines = client.get("/metrics").expect(200).body.decode().splitlines()
    finally:
        client.close()
    return float(next(line for line in lines if line.startswith(STEPS)).split()[-1])


def collect(server):
    """What the command said, and the seconds it took."""
    started = time.monotonic()
    said = subprocess.run([server.executable, "garbage-collect", str(server.config_path)], check=True, capture_output=True, text=True)
    return said.stdout, time.monotonic() - started


def quiet(server):
    """The copies of manifests are made behind the pushes: they are not what is measured."""
    last = -1.0
    while (now := processor_seconds(server.process.pid)) - last > 0.02:
        last = now
        time.sleep(1)


def fill(server, kept, deleted, peer, say):
    filler = Filler(server)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(filler.keep, range(50)))
        done = 0
        for _ in pool.map(filler.keep, range(50, kept), chunksize=50):
            done += 1
            if say and done % 1000 == 0:
                print(f"\r{done} of {kept}", end="", file=sys.stderr, flush=True)
        if not peer:
            quiet(server)
            collect(server)
        doomed = list(pool.map(filler.doomed, range(deleted)))
        list(pool.map(filler.delete, doomed))
    if say:
        print("\r\033[K", end="", file=sys.stderr)
    time.sleep(2)  # promises end


def measure(program, kept, deleted, peer, say):
    """Seconds, processor seconds, steps."""
    with tempfile.TemporaryDirectory(prefix="collection-cost-") as directory:
        server = Server(config(peer), directory=directory, executable=program)
        try:
            server.start()
            fill(server, kept, deleted, peer, say)
            if peer:
                server.stop(expected=(0, 2, -15, 143))
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                _, wall = collect(server)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0
            quiet(server)
            cpu, before = processor_seconds(server.process.pid), steps(server)
            said, wall = collect(server)
            cpu, count = processor_seconds(server.process.pid) - cpu, steps(server) - before
            assert "and 0 manifests" in said and said.count("blob eligible") >= deleted, said[-500:]
            server.stop()
            return wall, cpu, count
        finally:
            server.kill()


def push_on(port, taken, stop):
    repository = Repository(Http("127.0.0.1", port, timeout=60), "cost/pushed")
    number = 0
    while not stop.is_set():
        image = content.image([Content(b"pushed %d " % number * 200, content.OCI_LAYER)], annotations={"number": str(number)})
        started = time.monotonic()
        repository.push(image, f"t{number % 100}")
        taken.append((started, time.monotonic() - started))
        number += 1


def pull_on(port, taken, stop):
    repository = Repository(Http("127.0.0.1", port, timeout=60), "cost/kept0")
    manifest = repository.get_manifest("t0").expect(200).json
    number = 0
    while not stop.is_set():
        started = time.monotonic()
        repository.get_manifest("t0").expect(200)
        repository.get_blob(manifest["layers"][number % 3]["digest"]).expect(200)
        taken.append((started, time.monotonic() - started))
        number += 1


def loop(work, port, stop, results):
    taken = []
    work(port, taken, stop)
    results.put((work.__name__, taken))


def p99(taken, begin, end):
    inside = sorted(seconds for started, seconds in taken if begin <= started < end)
    return inside[len(inside) * 99 // 100], len(inside)


def latency(program, deleted, say):
    """[(what, p99 in a quiet registry, p99 during the collection, how many were measured in each)] and the collection's seconds."""
    with tempfile.TemporaryDirectory(prefix="collection-cost-") as directory:
        server = Server(config(False), directory=directory, executable=program)
        try:
            server.start()
            fill(server, 2000, deleted, False, say)
            quiet(server)
            stop, results = multiprocessing.Event(), multiprocessing.Queue()
            processes = [multiprocessing.Process(target=loop, args=(work, server.port, stop, results)) for work in (push_on, pull_on)]
            for process in processes:
                process.start()
            time.sleep(1)
            begin = time.monotonic()
            time.sleep(6)
            middle = time.monotonic()
            _, wall = collect(server)
            end = time.monotonic()
            stop.set()
            taken = dict(results.get() for _ in processes)
            for process in processes:
                process.join()
            rows = []
            for what, work in (("push of an image", push_on), ("pull of a manifest and a layer", pull_on)):
                (before, count), (during, count_during) = p99(taken[work.__name__], begin, middle), p99(taken[work.__name__], middle, end)
                rows.append((what, before, during, count, count_during))
            server.stop()
            return rows, wall
        finally:
            server.kill()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", default=str(ROOT / "build" / "release" / "berth"))
    arguments.add_argument("--deleted", type=int, default=1000)
    arguments.add_argument("--small", type=int, default=2000)
    arguments.add_argument("--large", type=int, default=200_000)
    arguments.add_argument("--peer", action="store_true", help="docker-registry, too, on --deleted kept and --deleted deleted images")
    arguments.add_argument("--latency", type=int, default=0, help="deleted images of the measurement of latencies; 0: none")
    options = arguments.parse_args()
    program = os.path.abspath(options.program)
    say = sys.stderr.isatty()
    rows = [(f"Berth, {size} images", *measure(program, size, options.deleted, False, say)) for size in (options.small, options.large)]
    if options.peer:
        rows.append((f"Berth, {options.deleted} images, online", *measure(program, options.deleted, options.deleted, False, say)))
        rows.append((f"docker-registry, {options.deleted} images, offline", *measure(DISTRIBUTION, options.deleted, options.deleted, True, say)))
    print(f"| Collecting {options.deleted} deleted images | wall, s | processor, s | steps of SQLite |\n|---|---:|---:|---:|")
    for name, wall, cpu, count in rows:
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {f'{count:.0f}' if count else ''} |")
    print("\nlarge / small: " + ", ".join(f"{what} {rows[1][column] / rows[0][column]:.2f}"
                                         for column, what in enumerate(("wall", "processor", "steps"), 1)))
    if options.peer:
        print(f"Berth / docker-registry: wall {rows[2][1] / rows[3][1]:.2f}, processor {rows[2][2] / rows[3][2]:.2f}")
    if options.latency:
        rows, wall = latency(program, options.latency, say)
        print(f"\n| p99 beside a collection of {options.latency} images in {wall:.1f} s | quiet, ms | collecting, ms | ratio |\n|---|---:|---:|---:|")
        for what, before, during, count, count_during in rows:
            print(f"| {what} ({count}, {count_during} measured) | {before * 1000:.2f} | {during * 1000:.2f} | {during / before:.2f} |")


if __name__ == "__main__":
    main()
