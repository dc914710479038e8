"""Pushes: of large blobs against limit_receiver and the machine's limits, of images and manifests against docker-registry.
Each sample has a fresh server on a fresh directory, since a directory that has grown is slower by itself, and new content.
Directories with many files stay until the end of the run (lab.running)."""

import itertools
import pathlib
import sys

import limits
from content import MIB
from lab import running
from runner import Goal, Metric, Part, Row

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "powercut"))
import oplog  # noqa: E402
import recorder  # noqa: E402

BLOB_BYTES = 256 * MIB
IMAGES = 32
LIMIT = "min(SHA-256, write + fsync)"

SPEED = Metric("mib_per_second", "MiB/s")
MANIFESTS_AGAINST = {8: 6.0, 64: 12.0}

# Other content for every sample, whatever the row.
seeds = itertools.count(1)


def server_of(lab, name):
    if name == "Berth":
        return lab.berth()
    return lab.limit_receiver() if name == "limit_receiver" else lab.registry(name)


def with_fresh(lab, name, load, keeps_files=True):
    """`load(server)` against a fresh one."""
    server = server_of(lab, name)
    with running(server, keeps_files=keeps_files):
        return {**load(server), "peak_mib": server.peak_memory_mib()}


def blob_row(lab, way, clients):
    is_patched = way == "POST+PATCH+PUT"

    def measure(_, name, number):
        if name == LIMIT:
            with lab.place("limit") as place:
                return {"mib_per_second": limits.push_limit_mib_per_second(place, BLOB_BYTES)}
        return with_fresh(lab, name, lambda server: lab.loads.push_blobs(server, next(seeds), clients, BLOB_BYTES, is_patched),
                          keeps_files=False)

    goals = [Goal("mib_per_second", at_least=0.9, against="limit_receiver")]
    servers = ["Berth", "limit_receiver"]
    if clients == 1:
        servers.append(LIMIT)
        goals.append(Goal("mib_per_second", at_least=0.7, against=LIMIT))
    return Row(f"push 256 MiB, {way}, c{clients}", measure, servers,
               [SPEED, Metric("cpu_s_per_gib", "server CPU, s/GiB"), Metric("peak_mib", "peak memory, MiB")], goals,
               others=lab.other_names())


def image_row(lab):
    def measure(_, name, number):
        return with_fresh(lab, name, lambda server: lab.loads.push_images(server, next(seeds), 8, IMAGES, MIB))
    return Row("image push (10 x 1 MiB), c8", measure, ["Berth", "docker-registry"],
               [Metric("rate", "images/s"), Metric("cpu_ms", "server CPU, ms/image"), Metric("peak_mib", "peak memory, MiB")],
               [Goal("rate", at_least=5.0, against="docker-registry")], others=lab.other_names()[1:])


def sync_row(lab):
    """How many fsync and fdatasync calls an image takes; the recorder of tests/powercut counts them."""
    def measure(_, name, number):
        server = server_of(lab, name)
        server.data.mkdir()
        log = server.directory / "operations"
        try:
            server.start(recorder.environment(server.data, log))
            lab.loads.push_images(server, next(seeds), 8, IMAGES, 64 * 1024)
            server.stop()
            return {"syncs": sum(operation.kind is oplog.Kind.SYNC_BEGIN for operation in oplog.read_log(log)) / IMAGES}
        finally:
            server.stop()
    return Row("image push (10 layers), c8: fsyncs", measure, ["Berth"], [Metric("syncs", "fsyncs an image")])


def again_row(lab):
    def measure(_, name, number):
        return with_fresh(lab, name, lambda server: lab.loads.push_images(server, next(seeds), 8, IMAGES, 64 * 1024,
                                                                          again_seconds=lab.seconds))
    return Row("image push again, all is there, c8", measure, ["Berth", "docker-registry"],
               [Metric("rate", "images/s"), Metric("cpu_ms", "server CPU, ms/image")],
               [Goal("rate", at_least=15.0, against="docker-registry")], others=lab.other_names()[1:])


def manifest_row(lab, clients):
    def measure(_, name, number):
        return with_fresh(lab, name, lambda server: lab.loads.push_manifests(server, next(seeds), clients, lab.seconds))
    return Row(f"manifest PUT, c{clients}", measure, ["Berth", "docker-registry"],
               [Metric("rate", "manifests/s"), Metric("cpu_us", "server CPU, us/manifest"), Metric("p99_ms", "p99, ms")],
               [Goal("rate", at_least=MANIFESTS_AGAINST[clients], against="docker-registry")], others=lab.other_names()[1:])


def links_row(lab, name, load, metrics):
    """What it costs to keep Distribution's link files behind every push (storage.distribution_links)."""
    links = {"storage.distribution_links": True}

    def measure(_, server_name, number):
        server = lab.berth(settings=links) if server_name == "with links" else lab.berth()
        with running(server, keeps_files=True):
            return load(server)
    return Row(f"{name}, with links", measure, ["with links", "Berth"], metrics, [Goal("rate", at_least=0.8, against="Berth")])


def parts(lab):
    rows = [blob_row(lab, way, clients) for way in ("POST+PUT", "POST+PATCH+PUT") for clients in (1, 4)]
    rows += [image_row(lab), sync_row(lab), again_row(lab), *(manifest_row(lab, clients) for clients in MANIFESTS_AGAINST)]
    rows += [links_row(lab, "image push (10 x 1 MiB), c8", lambda server: lab.loads.push_images(server, next(seeds), 8, IMAGES, MIB),
                       [Metric("rate", "images/s"), Metric("cpu_ms", "server CPU, ms/image")]),
             links_row(lab, "manifest PUT, c8", lambda server: lab.loads.push_manifests(server, next(seeds), 8, lab.seconds),
                       [Metric("rate", "manifests/s"), Metric("cpu_us", "server CPU, us/manifest")])]
    yield Part(rows)
