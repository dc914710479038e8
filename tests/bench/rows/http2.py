"""HTTP/2, over TLS and without (h2c), by h2load."""

from content import KIB, MIB, Content, blob_line, tag_line
from features import H2C, speaks_h2
from lab import running
from read_world import ReadWorld
from runner import Goal, Metric, Part, Row

KEYS, LARGE_BLOBS = 10_000, 8
CACHE_BYTES = 128 * MIB
WAYS = {"h2": "HTTP/2 over TLS", "h2c": "HTTP/2 without TLS"}


def make_content(tree):
    config = tree.add_config()
    layers = [tree.add_blob(4 * KIB) for _ in range(8)]
    images = [tree.add_image(number, config, layers) for number in range(KEYS)]
    large = [tree.add_blob(100 * MIB) for _ in range(LARGE_BLOBS)]
    return Content({"tags": [tag_line(image) for image in images], "large": [blob_line(blob) for blob in large]}, [], [])


def h2_row(lab, way, name, list_name, connections, streams, metrics, least):
    def measure(world, server, number):
        shuffled = world.shuffled_targets(server, list_name, number)
        return lab.loads.h2(world.warm(server, way, list_name), way, shuffled, connections, streams, lab.seconds)
    return Row(f"{WAYS[way]}: {name}, {connections} connections x {streams} streams", measure, ["Berth", "nginx"], metrics,
               [Goal(metrics[0].key, at_least=least, against="nginx")])


def rows(lab, way):
    return [
        h2_row(lab, way, "manifest GET by tag (2 KB)", "tags", 32, 8, [Metric("rate", "req/s"), Metric("cpu_us", "server CPU, us/req")], 1.0),
        h2_row(lab, way, "blob GET 100 MiB", "large", 4, 2,
               [Metric("mib_per_second", "MiB/s"), Metric("cpu_s_per_gib", "server CPU, s/GiB")], 0.9),
    ]


def missing_h2(lab):
    server = lab.berth(tls=True)
    with running(server):
        return "" if speaks_h2(server.address()) else "this Berth does not offer HTTP/2"


def parts(lab):
    cache = lab.features.answer_cache(CACHE_BYTES)
    yield Part(rows(lab, "h2"), lambda: ReadWorld(lab, make_content, cache), missing_h2(lab))
    yield Part(rows(lab, "h2c"), lambda: ReadWorld(lab, make_content, {**cache, H2C: True}),
               "" if lab.features.has_h2c else "this Berth has no HTTP/2 without TLS")
