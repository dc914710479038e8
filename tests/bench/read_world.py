"""Servers that hold the same content for the reads. nginx's files are the master copy, Berth has links to them; the other
registries get a part of it over their API, since they take hundreds of pushes a second where the rows need ten thousands."""

import os
import random
import statistics

import api
import content
from fill import BerthFiller

ENCRYPTED_WAYS = ("tls", "h2")
OPENING_RATE_SAMPLES = 3


class ReadWorld:
    """A context manager. Registries speak either plain or TLS: they are started again when a row needs the other."""

    def __init__(self, lab, make_content, settings=(), other_names=()):
        """`make_content` fills a FileTree and returns a Content; `settings` are Berth's."""
        self.lab = lab
        self.make_content = make_content
        self.settings = dict(settings)
        self.other_names = other_names
        self.tree = None
        self.servers = {}
        self.warmed = set()
        self.maximum = {}

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            server.remove()

    def _make(self):
        nginx = self.servers["nginx"] = self.lab.nginx()
        tree = self.tree = content.FileTree(nginx.files)
        self.content = self.make_content(tree)
        nginx.start()

        berth = self.servers["Berth"] = self._filled_berth(tree, self.settings)
        for lines in self.content.lists.values():
            api.check(berth, lines)

        for name in self.other_names:
            other = self.servers[name] = self.lab.registry(name).start()
            api.push(other, tree, self.content.few_images, self.content.few_blobs)
        os.sync()  # or the kernel writes it back in the middle of a measurement

    def _filled_berth(self, tree, settings):
        berth = self.lab.berth(settings=settings)
        filler = BerthFiller(berth.directory, self.lab.program)
        filler.add_blobs(tree, tree.blobs)
        filler.add_images((content.REPOSITORY, image.manifest.tag, tree.manifest_bytes(image), image.blobs)
                          for image in tree.images)
        return berth.start()

    def server(self, name, way):
        server = self.servers[name]
        if name != "nginx" and bool(server.tls) != (way in ENCRYPTED_WAYS):
            server.stop()
            server.tls = self.lab.certificate if way in ENCRYPTED_WAYS else None
            server.start()
            self.warmed = {key for key in self.warmed if key[0] != name}
        return server

    def targets(self, name, list_name):
        is_few = name in self.other_names
        path = self.servers["nginx"].directory / f"{list_name}-{'few' if is_few else 'all'}"
        if not path.exists():
            lines = self.content.few_lines(list_name) if is_few else self.content.lists[list_name]
            path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def shuffled_targets(self, name, list_name, seed):
        """For a driver that asks in the order of the file."""
        lines = self.targets(name, list_name).read_text().splitlines(keepends=True)
        random.Random(seed).shuffle(lines)
        path = self.targets(name, list_name).with_suffix(".shuffled")
        path.write_text("".join(lines))
        return path

    def warm(self, name, way, list_name):
        """Asks for everything once, which also shows that it is there in full."""
        server = self.server(name, way)
        key = name, way, list_name
        if key not in self.warmed:
            spoken = "tls" if way in ENCRYPTED_WAYS else "copy"
            self.lab.loads.requests(server, spoken, self.targets(name, list_name), 8, 600, once=True)
            self.warmed.add(key)
        return server

    def request(self, name, way, list_name, connections, number, seconds=None, **options):
        server = self.warm(name, way, list_name)
        return self.lab.loads.requests(server, way, self.targets(name, list_name), connections, seconds or self.lab.seconds,
                                       seed=number + 1, **options)

    def nginx_maximum(self, way, list_name, connections, **options):
        """Requests a second."""
        key = way, list_name, connections, *options.values()
        if key not in self.maximum:
            self.maximum[key] = statistics.median(
                self.request("nginx", way, list_name, connections, number, **options)["rate"]
                for number in range(OPENING_RATE_SAMPLES))
        return self.maximum[key]
