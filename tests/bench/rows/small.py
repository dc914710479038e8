"""Small answers: manifests, HEAD of blobs, blobs of up to 64 KiB; plain and over TLS. nginx reads and writes (copy) what it
serves, which is its fastest way for small files."""

from content import KIB, MIB, Content, blob_line, digest_line, tag_line
from read_world import ReadWorld
from runner import Goal, Metric, Part, Row

KEYS = 10_000
MEDIUM_KEYS = 2_000
KEYS_OF_OTHERS = 500
# Room for all keys of these rows.
CACHE_BYTES = 512 * MIB
SHARE_OF_MAXIMUM = 0.6
# So that one pause of the machine is not a hundredth of the requests.
LATENCY_SECONDS = 3.0

RATE = Metric("rate", "req/s")
CPU = Metric("cpu_us", "server CPU, us/req")
P99 = Metric("p99_ms", "p99, ms")

KINDS = [("manifest GET by tag", "tags", "GET"), ("manifest GET by digest", "digests", "GET"),
         ("manifest HEAD by tag", "tags", "HEAD"), ("manifest HEAD by digest", "digests", "HEAD"),
         ("blob HEAD", "small blobs", "HEAD")]


def make_content(tree):
    """Manifests of 2 KB, each of one configuration and eight layers."""
    config = tree.add_config()
    small = [tree.add_blob(4 * KIB) for _ in range(KEYS)]
    medium = [tree.add_blob(64 * KIB) for _ in range(MEDIUM_KEYS)]
    images = [tree.add_image(number, config, small[:8]) for number in range(KEYS)]
    return Content(
        {"tags": [tag_line(image) for image in images], "digests": [digest_line(image) for image in images],
         "small blobs": [blob_line(blob) for blob in small], "medium blobs": [blob_line(blob) for blob in medium]},
        few_images=images[:KEYS_OF_OTHERS],
        few_blobs=[config, *small[:KEYS_OF_OTHERS], *medium[:KEYS_OF_OTHERS // 5]])


def rate_row(lab, name, way, list_name, method, connections, goals):
    def measure(world, server, number):
        return world.request(server, way, list_name, connections, number, method=method)
    return Row(f"{name}, c{connections}, {'TLS' if way == 'tls' else 'plain'}", measure, ["Berth", "nginx"], [RATE, CPU, P99],
               goals, others=lab.other_names(way == "tls"))


def latency_row(lab, name, list_name, method, connections):
    """At a fixed rate, counted from when a request was due."""
    def measure(world, server, number):
        rate = SHARE_OF_MAXIMUM * world.nginx_maximum("copy", list_name, connections, method=method)
        return world.request(server, "copy", list_name, connections, number, seconds=max(lab.seconds, LATENCY_SECONDS),
                             method=method, rate=rate)
    return Row(f"{name}, c{connections}, plain, at {SHARE_OF_MAXIMUM:.0%} of nginx's rate", measure, ["Berth", "nginx"],
               [P99, RATE], [Goal("p99_ms", at_most=1.25, against="nginx")])


def at_least_nginx(rate, cpu):
    return [Goal("rate", at_least=rate, against="nginx"), Goal("cpu_us", at_most=cpu, against="nginx")]


def parts(lab):
    plain, encrypted = [], []
    for name, list_name, method in KINDS:
        for connections in (32, 256):
            plain.append(rate_row(lab, name, "copy", list_name, method, connections, at_least_nginx(0.95, 0.85)))
            plain.append(latency_row(lab, name, list_name, method, connections))
            encrypted.append(rate_row(lab, name, "tls", list_name, method, connections, at_least_nginx(0.95, 0.95)))
    for name, list_name in (("blob GET 4 KiB", "small blobs"), ("blob GET 64 KiB", "medium blobs")):
        plain.append(rate_row(lab, name, "copy", list_name, "GET", 32, at_least_nginx(0.9, 1.0)))
    settings = lab.features.answer_cache(CACHE_BYTES)
    yield Part(plain + encrypted, lambda: ReadWorld(lab, make_content, settings, lab.other_names()))
    yield many_manifests(lab)


MANY = 100_000
# A tenth of the manifests, each with its head.
CACHE_FOR_A_TENTH = MANY // 10 * (2 * KIB + 512)


def make_many(tree):
    config = tree.add_config()
    layers = [tree.add_blob(4 * KIB) for _ in range(8)]
    images = [tree.add_image(number, config, layers) for number in range(MANY)]
    return Content({"tags": [tag_line(image) for image in images]}, few_images=[], few_blobs=[])


def many_manifests(lab):
    def measure(world, server, number):
        return world.request(server, "copy", "tags", 32, number)
    row = Row("manifest GET by tag of 100,000, cache for a tenth, c32, plain", measure, ["Berth", "nginx"], [RATE, CPU, P99],
              [Goal("rate", at_least=0.5, against="nginx")])
    return Part([row], lambda: ReadWorld(lab, make_many, lab.features.answer_cache(CACHE_FOR_A_TENTH)),
                missing="" if lab.features.has_answer_cache else "this Berth has no cache of answers")
