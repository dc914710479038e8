"""Large blobs and whole images. Over plain HTTP nginx sends as Berth does, over TLS there is one way."""

from content import GIB, MIB, Content, blob_line, pull_lines
from read_world import ReadWorld
from runner import Goal, Metric, Part, Row

# How Berth sends large bodies over plain HTTP: "sendfile" or "copy" (read and write).
PLAIN_WAY = "sendfile"
SIZES = {"100 MiB": (100 * MIB, 8), "1 GiB": (GIB, 2)}  # bytes, number of blobs
IMAGES, LAYERS, IMAGES_OF_OTHERS = 50, 10, 5
# A sample takes in several bodies of each client.
LONGER = 2


def make_blobs(tree):
    blobs = {name: [tree.add_blob(size) for _ in range(count)] for name, (size, count) in SIZES.items()}
    return Content({name: [blob_line(blob) for blob in found] for name, found in blobs.items()},
                   few_images=[], few_blobs=[found[0] for found in blobs.values()])


def make_images(tree):
    for number in range(IMAGES):
        config = tree.add_config(number)
        tree.add_image(number, config, [tree.add_blob(MIB) for _ in range(LAYERS)])
    few = tree.images[:IMAGES_OF_OTHERS]
    return Content({"images": [line for image in tree.images for line in pull_lines(image)]},
                   few_images=few, few_blobs=[blob for image in few for blob in image.blobs])


def blob_row(lab, size_name, way, clients):
    def measure(world, server, number):
        return world.request(server, way, size_name, clients, number, seconds=LONGER * lab.seconds)
    goals = [Goal("mib_per_second", at_least=0.95, against="nginx"), Goal("cpu_s_per_gib", at_most=1.05, against="nginx")]
    return Row(f"blob GET {size_name}, c{clients}, {'TLS' if way == 'tls' else f'plain ({way})'}", measure, ["Berth", "nginx"],
               [Metric("mib_per_second", "MiB/s"), Metric("cpu_s_per_gib", "server CPU, s/GiB")], goals,
               others=lab.other_names(way == "tls"))


def pull_row(lab, clients):
    def measure(world, server, number):
        return world.request(server, PLAIN_WAY, "images", clients, number, seconds=LONGER * lab.seconds, run_length=LAYERS + 2)
    return Row(f"image pull (10 x 1 MiB), c{clients}, plain ({PLAIN_WAY})", measure, ["Berth", "nginx"],
               [Metric("rate", "images/s"), Metric("cpu_ms", "server CPU, ms/image")],
               [Goal("rate", at_least=0.9, against="nginx")], others=lab.other_names())


def parts(lab):
    yield Part([blob_row(lab, size, way, clients) for way in (PLAIN_WAY, "tls") for size in SIZES for clients in (1, 8)],
               lambda: ReadWorld(lab, make_blobs, other_names=lab.other_names()))
    yield Part([pull_row(lab, clients) for clients in (8, 64)],
               lambda: ReadWorld(lab, make_images, other_names=lab.other_names()))
