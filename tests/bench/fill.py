"""Fills Berth's database with what would take hours to push: manifests, tags and repositories by the million.

Berth itself makes the schema and takes one image over its API; the rows of that image are the pattern of all others. The
rows are those that a push leaves, but without the order to copy a fresh manifest beside the blobs: a background job would
do that in the middle of a measurement.
"""

import contextlib
import itertools
import os
import sqlite3
import time

import api
import content
from servers import Berth

# ReferenceKind and ReviewKind of src/metadata/records.h.
CONFIG_REFERENCE, LAYER_REFERENCE, MANIFEST_REVIEW = 1, 2, 3
PROMISE_MICROSECONDS = 86_400_000_000
BATCH = 50_000
# Unlike that of any image that is filled in.
PATTERN_NUMBER = 99_999_999


class BerthFiller:
    """A directory of Berth's, while no Berth runs on it. Images are (repository, tag, manifest's bytes, its blobs with the
    configuration first), sorted by repository and tag."""

    def __init__(self, directory, program):
        self.server = Berth(directory, program)
        pattern = [b'{"architecture":"amd64","os":"linux"}', b"the layer of all small images"]
        self.pattern_blobs = [content.Blob(content.digest_of(data), len(data)) for data in pattern]
        self.server.start()
        try:
            client = api.Client(self.server)
            for blob, data in zip(self.pattern_blobs, pattern):
                client.put_blob(data, blob.digest)
            client.put_manifest(self._small_manifest(PATTERN_NUMBER), "pattern")
            client.close()
        finally:
            self.server.stop()

    @property
    def data(self):
        return self.server.data

    def small_image(self, repository, tag, number):
        """An image whose manifest has some 600 bytes, so that a million of them is soon written."""
        return repository, tag, self._small_manifest(number), self.pattern_blobs

    def _small_manifest(self, number):
        return content.manifest_bytes(self.pattern_blobs[0], self.pattern_blobs[1:], number)

    @contextlib.contextmanager
    def _database(self):
        path = self.data / "berth" / "metadata.db"
        database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000"):
            database.execute(f"PRAGMA {pragma}")
        # Made anew at the end: to sort once takes a fraction of the time of a million insertions.
        indexes = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        database.execute("BEGIN")
        for name, _ in indexes:
            database.execute(f"DROP INDEX {name}")
        yield database
        for _, sql in indexes:
            database.execute(sql)
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode=WAL")
        database.close()
        with open(path, "rb") as file:  # to the disk now rather than in the middle of a measurement
            os.fsync(file.fileno())

    def add_images(self, images):
        with self._database() as database:
            writer = _ImageWriter(database)
            images = iter(images)
            while batch := list(itertools.islice(images, BATCH)):
                writer.add(batch)
            writer.count_manifests()

    def add_blobs(self, tree, blobs):
        """Blobs of a file tree: links to its files, so that all servers send the same bytes from the same pages."""
        with self._database() as database:
            keys = _Keys(database)
            home = database.execute("SELECT id FROM repository WHERE name = ?", [content.REPOSITORY]).fetchone()[0]
            for blob in blobs:
                hexadecimal = blob.digest.split(":")[1]
                place = self.data / "docker/registry/v2/blobs/sha256" / hexadecimal[:2] / hexadecimal
                place.mkdir(parents=True)
                os.link(tree.path("blobs", blob.digest), place / "data")
            database.executemany("INSERT INTO blob (digest, size, state) VALUES (?, ?, 1)",
                                 ((keys.of(blob.digest), blob.size) for blob in blobs))
            database.executemany("INSERT INTO repository_blob (digest, repository, promised_until) VALUES (?, ?, ?)",
                                 ((keys.of(blob.digest), home, keys.promised_until) for blob in blobs))


class _Keys:
    """Digests and times as the database writes them."""

    def __init__(self, database):
        self.prefix = database.execute("SELECT substr(digest, 1, 1) FROM manifest LIMIT 1").fetchone()[0]
        self.now = int(time.time() * 1e6)
        self.promised_until = self.now + PROMISE_MICROSECONDS

    def of(self, digest):
        return self.prefix + bytes.fromhex(digest.split(":")[1])


class _ImageWriter:
    def __init__(self, database):
        self.database = database
        self.keys = _Keys(database)
        self.repositories = dict(database.execute("SELECT name, id FROM repository"))
        self.last_manifest = database.execute("SELECT max(id) FROM manifest").fetchone()[0]

    def add(self, images):
        now, promised_until = self.keys.now, self.keys.promised_until
        rows = {table: [] for table in ("manifest", "manifest_reference", "tag", "tag_history", "review")}
        for repository, tag, data, blobs in images:
            self.last_manifest += 1
            number, home, digest = self.last_manifest, self._home(repository), self.keys.of(content.digest_of(data))
            rows["manifest"].append((number, home, digest, content.MANIFEST_TYPE, content.CONFIG_TYPE, len(data), now,
                                     promised_until, "{}", data))
            rows["manifest_reference"] += {
                (number, self.keys.of(blob.digest), LAYER_REFERENCE if place else CONFIG_REFERENCE, home)
                for place, blob in enumerate(blobs)}
            rows["tag"].append((home, tag, number))
            rows["tag_history"].append((home, tag, 1, now, "", digest))
            rows["review"].append((MANIFEST_REVIEW, home, digest, promised_until))
        columns = {
            "manifest": "id, repository, digest, media_type, artifact_type, size, pushed, promised_until, annotations, bytes",
            "manifest_reference": "manifest, child, kind, repository",
            "tag": "repository, name, manifest",
            "tag_history": "repository, name, number, at, who, became",
            "review": "kind, repository, digest, due",
        }
        for table, values in rows.items():
            marks = ", ".join("?" * len(values[0]))
            self.database.executemany(f"INSERT INTO {table} ({columns[table]}) VALUES ({marks})", values)

    def _home(self, repository):
        if repository not in self.repositories:
            number = len(self.repositories) + 1
            self.database.execute("INSERT INTO repository (id, name, created) VALUES (?, ?, ?)",
                                  [number, repository, self.keys.now])
            self.repositories[repository] = number
        return self.repositories[repository]

    def count_manifests(self):
        """Each image has one tag."""
        self.database.execute("UPDATE repository SET is_listed = 1, manifest_count ="
                              " (SELECT count(*) FROM tag WHERE tag.repository = repository.id)")
