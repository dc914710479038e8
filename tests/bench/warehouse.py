"""Berth directories with a thousand to a million tags or repositories, each made once in a run and used by many rows."""

import random

import api
import content
from fill import BerthFiller

PAGE = 100
POSITIONS = 10_000


def repository_name(number):
    """Fixed width: their order is that of the numbers."""
    return f"team{number // 1000:04}/app{number:07}"


def tag_name(number):
    return f"t{number:07}"


class Warehouse:
    def __init__(self, lab):
        self.lab = lab
        self.stocks = {}

    def stock(self, kind, size):
        """A directory with `size` "tags" of one repository or "repositories" of one tag."""
        key = kind, size
        if key not in self.stocks:
            filler = BerthFiller(self.lab.new_directory(f"{size}-{kind}"), self.lab.program)
            if kind == "tags":
                filler.add_images(filler.small_image(content.REPOSITORY, tag_name(number), number) for number in range(size))
            else:
                filler.add_images(filler.small_image(repository_name(number), "v1", number) for number in range(size))
            self.stocks[key] = filler.server.directory
        return self.stocks[key]


def manifest_lines(kind, size, seed=3):
    """Random stored manifests, by tag."""
    source = random.Random(seed)
    numbers = [source.randrange(size) for _ in range(POSITIONS)]
    if kind == "tags":
        return [content.target("manifests", tag_name(number)) for number in numbers]
    return [f"/v2/{repository_name(number)}/manifests/v1" for number in numbers]


def page_lines(kind, size, seed=4):
    """Whole pages after random positions."""
    source = random.Random(seed)
    numbers = [source.randrange(size - PAGE) for _ in range(POSITIONS)]
    if kind == "tags":
        return [f"/v2/{content.REPOSITORY}/tags/list?n={PAGE}&last={tag_name(number)}" for number in numbers]
    return [f"/v2/_catalog?n={PAGE}&last={repository_name(number)}" for number in numbers]


def check_page(server, kind, line):
    """That this page holds the hundred names after its position."""
    after = line.rsplit("=", 1)[1]
    name = tag_name if kind == "tags" else repository_name
    number = int(after[-7:])
    expected = [name(number + step) for step in range(1, PAGE + 1)]
    client = api.Client(server)
    found = client.get_json(line)[kind]
    client.close()
    if found != expected:
        raise RuntimeError(f"{server.name}: {line} is not the page that was stored: {found[:3]} ...")


class SizedBerths:
    """A context manager: a Berth without caches on each of these stocks; `servers` by the names of the sizes."""

    def __init__(self, lab, kind, sizes):
        self.lab = lab
        self.kind = kind
        self.sizes = sizes  # name -> number
        self.servers = {}
        self.place = lab.new_directory("targets")

    def __enter__(self):
        try:
            for name, size in self.sizes.items():
                self.servers[name] = self.lab.berth(self.lab.warehouse.stock(self.kind, size),
                                                    settings=self.lab.features.answer_cache(0)).start()
                check_page(self.servers[name], self.kind, page_lines(self.kind, size)[0])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            server.stop()

    def request(self, name, make_lines, number, method="GET"):
        """`make_lines`: manifest_lines or page_lines."""
        path = self.place / f"{make_lines.__name__}-{self.sizes[name]}"
        if not path.exists():
            path.write_text("".join(f"{line}\n" for line in make_lines(self.kind, self.sizes[name])))
        found = self.lab.loads.requests(self.servers[name], "plain", path, 8, self.lab.seconds, seed=number + 1, method=method)
        return {**found, "time_us": 1e6 / found["rate"]}
