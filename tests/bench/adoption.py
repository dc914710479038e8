#!/usr/bin/env python3
"""What adopting a volume of CNCF Distribution costs: generates one of so many manifests, adopts it with `berth import` and
prints the rate and the memory. With --kills it kills the adoption again and again, and compares what comes of it with the
records of one that nobody disturbed.

    python3 tests/bench/adoption.py --program build/release/berth --manifests 100000 [--kills 20] [--directory DIR]
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

LAYERS = 2_000
# Of a table: what does not depend on when and in which order it was written.
RECORDS = {
    "manifests": "SELECT r.name, m.digest, m.media_type, m.artifact_type, m.subject, m.size, m.pushed, m.annotations, m.bytes "
                 "FROM manifest m JOIN repository r ON r.id = m.repository",
    "tags": "SELECT r.name, t.name, m.digest FROM tag t JOIN repository r ON r.id = t.repository JOIN manifest m ON m.id = t.manifest",
    "histories": "SELECT r.name, h.name, h.number, h.at, h.was, h.became FROM tag_history h JOIN repository r ON r.id = h.repository",
    "links": "SELECT r.name, l.digest FROM repository_blob l JOIN repository r ON r.id = l.repository",
    "blobs": "SELECT digest, size, state FROM blob",
    "references": "SELECT r.name, m.digest, f.child, f.kind FROM manifest_reference f JOIN manifest m ON m.id = f.manifest "
                  "JOIN repository r ON r.id = m.repository",
    "repositories": "SELECT name, manifest_count, is_listed FROM repository",
    "adoption": "SELECT kind, state, repositories, tags, manifests, layers, unlinked FROM adoption WHERE kind = 1",
}


class Tree:
    def __init__(self, root):
        self.base = root / "docker" / "registry" / "v2"
        self.made = set()

    def write(self, path, data):
        directory = os.path.dirname(path)
        if directory not in self.made:
            os.makedirs(directory, exist_ok=True)
            if directory.count("/") < 14:
                self.made.add(directory)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(file, data)
        os.close(file)

    def blob(self, data):
        digest = hashlib.sha256(data).hexdigest()
        self.write(f"{self.base}/blobs/sha256/{digest[:2]}/{digest}/data", data)
        return digest

    def link(self, repository, rest, digest):
        self.write(f"{self.base}/repositories/{repository}/{rest}/link", b"sha256:" + digest.encode())


def generate(root, manifests, repositories, tagged):
    """Manifests of a config and eight shared layers; one of `tagged` has a tag."""
    tree = Tree(root)
    choice = random.Random(1)
    layers = [(tree.blob(b"layer %d" % number), len(b"layer %d" % number)) for number in range(LAYERS)]
    config = tree.blob(b"{}")
    linked = set()
    for number in range(manifests):
        repository = f"group{number % repositories % 10}/app{number % repositories}"
        mine = choice.sample(layers, 8)
        document = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": f"sha256:{config}"},
                    "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": size, "digest": f"sha256:{digest}"}
                               for digest, size in mine],
                    "annotations": {"number": str(number)}}
        digest = tree.blob(json.dumps(document).encode())
        tree.link(repository, f"_manifests/revisions/sha256/{digest}", digest)
        for layer in [config, *(layer for layer, _ in mine)]:
            if (repository, layer) not in linked:
                linked.add((repository, layer))
                tree.link(repository, f"_layers/sha256/{layer}", layer)
        if number % tagged == 0:
            tree.link(repository, f"_manifests/tags/v{number}/index/sha256/{digest}", digest)
            tree.link(repository, f"_manifests/tags/v{number}/current", digest)


def configuration(directory, root):
    path = directory / "config.yml"
    path.write_text(json.dumps({"version": "0.1", "storage": {"filesystem": {"rootdirectory": str(root)}}}))
    return path


def peak_memory(pid):
    """MiB. The kernel's figure of a child's life would count the Python that it was forked from."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return max((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), default=0)
    except OSError:
        return 0


def adopt(program, config, seconds=None):
    """Seconds and peak memory in MiB; None if it was killed after `seconds`."""
    began = time.monotonic()
    process = subprocess.Popen([program, "import", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    memory = 0
    while process.poll() is None:
        memory = max(memory, peak_memory(process.pid))
        if seconds is not None and time.monotonic() - began >= seconds:
            process.kill()
            process.wait()
            return None
        time.sleep(0.02)
    assert process.returncode == 0, process.stderr.read().decode()
    return time.monotonic() - began, memory


def records(root):
    """A hash of each kind of record, and how many there are."""
    database = sqlite3.connect(f"file:{root}/berth/metadata.db?mode=ro", uri=True)
    result = {}
    for what, query in RECORDS.items():
        rows = sorted(hashlib.sha256(repr(row).encode()).digest() for row in database.execute(query))
        result[what] = (len(rows), hashlib.sha256(b"".join(rows)).hexdigest()[:16])
    database.close()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--manifests", type=int, default=100_000)
    parser.add_argument("--repositories", type=int, default=100)
    parser.add_argument("--tagged", type=int, default=4, help="one manifest of so many has a tag")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--directory", help="where the volume is made; removed afterwards")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="berth-adoption-", dir=options.directory) as directory:
        directory = pathlib.Path(directory)
        root = directory / "root"
        began = time.monotonic()
        generate(root, options.manifests, options.repositories, options.tagged)
        print(f"generated {options.manifests} manifests in {time.monotonic() - began:.0f} s", flush=True)
        config = configuration(directory, root)
        seconds, memory = adopt(options.program, config)
        print(f"adopted in {seconds:.1f} s: {options.manifests / seconds * 60:,.0f} manifests a minute, peak memory {memory:.0f} MiB", flush=True)
        undisturbed = records(root)
        print(undisturbed)
        if options.kills:
            shutil.rmtree(root / "berth")
            killed = 0
            # Evenly over the time that is left, which each run shortens.
            while killed < options.kills:
                if adopt(options.program, config, seconds / (options.kills + 2) * random.Random(killed).uniform(0.7, 1.3)) is not None:
                    break
                killed += 1
            adopt(options.program, config)
            same = records(root) == undisturbed
            print(f"killed {killed} times: {'the same records' if same else 'OTHER RECORDS ' + str(records(root))}")
            return 0 if same and killed >= min(options.kills, 3) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
