#!/usr/bin/env python3
"""Measures Berth beside Debian's docker-registry and nginx, and prints a Markdown table with ratios.

Every scenario runs on each server in turn, several times over, so that what disturbs the machine disturbs all of them;
medians are shown. Read the ratios, not the figures: single runs differ by 20 %. README.md beside this file says more.
"""

import argparse
import json
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import traceback

import measure
import peers

REPOSITORY = "bench/read"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
MIB = 2**20

# What issue and design ask of Berth: times docker-registry 2.8.
METADATA_GOAL, PUSH_GOAL = 5.0, 2.0


def content():
    """The image that every server gets for the reads: ten layers of which two are fetched, and a 100 MiB blob."""
    source = random.Random(7)
    small, medium = source.randbytes(4 * 1024), source.randbytes(64 * 1024)
    large = source.randbytes(MIB) * 100
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    blobs = {measure.digest(data): data for data in (config, small, medium, large)}
    descriptors = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": name, "size": len(data)}
                   for name, data in blobs.items() if data is not config]
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": measure.digest(config),
                   "size": len(config)},
        "layers": descriptors * 4,  # about 2 KiB, as real ones
    }).encode()
    return blobs, manifest, {"small": measure.digest(small), "medium": measure.digest(medium), "large": measure.digest(large)}


class Bench:
    def __init__(self, options, work):
        self.options = options
        self.work = pathlib.Path(work)
        self.rows = []  # (scenario, metric, {peer: median}, goal)
        self.number = 0

    def make_peers(self, with_nginx):
        self.number += 1
        place = self.work / str(self.number)
        made = [peers.Distribution(place / "distribution")]
        if self.options.program:
            made.insert(0, peers.Berth(place / "berth", self.options.program))
        if with_nginx:
            made.append(peers.Nginx(place / "nginx"))
        return made

    def add(self, scenario, samples, metrics):
        """`samples` is {peer: [figures, ...]}; `metrics` are (key, title, goal)."""
        for key, title, goal in metrics:
            self.rows.append((scenario, title, {name: statistics.median(f[key] for f in figures)
                                                for name, figures in samples.items()}, goal))
        print(f"  {scenario}: " + ", ".join(
            f"{name} {statistics.median(f[metrics[0][0]] for f in figures):,.0f}" for name, figures in samples.items()),
            file=sys.stderr, flush=True)

    def reads(self):
        blobs, manifest, digests = content()
        by_digest = measure.digest(manifest)
        servers = self.make_peers(with_nginx=True)
        try:
            for server in servers:
                server.start()
                for name, data in blobs.items():
                    server.put_blob(REPOSITORY, data, name)
                for reference in ("latest", by_digest):
                    server.put_manifest(REPOSITORY, reference, manifest, MANIFEST_TYPE)
                for target in (f"manifests/latest", f"blobs/{digests['large']}"):
                    status, _, data = server.request("GET", f"/v2/{REPOSITORY}/{target}", headers={"Accept": MANIFEST_TYPE})
                    if status != 200 or data not in (manifest, blobs[digests["large"]]):
                        raise RuntimeError(f"{server.name} does not give back what was pushed: {target} {status}")
            manifests, layers = f"/v2/{REPOSITORY}/manifests", f"/v2/{REPOSITORY}/blobs"
            for title, target, method, connections in [
                ("manifest GET by tag", f"{manifests}/latest", "GET", 32),
                ("manifest GET by tag", f"{manifests}/latest", "GET", 256),
                ("manifest GET by digest", f"{manifests}/{by_digest}", "GET", 32),
                ("manifest HEAD by tag", f"{manifests}/latest", "HEAD", 32),
                ("blob HEAD", f"{layers}/{digests['small']}", "HEAD", 32),
            ]:
                self.read(servers, f"{title}, c{connections}", target, method, connections, [
                    ("rate", "req/s", METADATA_GOAL), ("p99_ms", "p99, ms", None), ("cpu_us", "server CPU, us/req", None)])
            for title, name in [("blob GET 4 KiB, c32", "small"), ("blob GET 64 KiB, c32", "medium")]:
                self.read(servers, title, f"{layers}/{digests[name]}", "GET", 32, [
                    ("rate", "req/s", None), ("p99_ms", "p99, ms", None), ("cpu_us", "server CPU, us/req", None)])
            for connections in (1, 8):
                self.read(servers, f"blob GET 100 MiB, c{connections}", f"{layers}/{digests['large']}", "GET", connections, [
                    ("mib_per_second", "MiB/s", None), ("cpu_s_per_gib", "server CPU, s/GiB", None)])
        finally:
            for server in servers:
                server.remove()

    def read(self, servers, scenario, target, method, connections, metrics):
        if not self.is_wanted(scenario):
            return
        samples = {server.name: [] for server in servers}
        for _ in range(self.options.samples):
            for server in servers:
                samples[server.name].append(
                    measure.read_load(server, self.options.load, target, method, connections, self.options.seconds))
        self.add(scenario, samples, metrics)

    def push(self, scenario, kind, count, clients, size, metrics, options=()):
        if not self.is_wanted(scenario):
            return
        samples = {}
        for sample in range(self.options.samples):
            for server in self.make_peers(with_nginx=False):
                try:  # a fresh directory each time: one that has grown is slower by itself
                    server.start()
                    samples.setdefault(server.name, []).append(measure.push_load(
                        server, self.options.load, kind, self.number * 1000 + sample, count, clients, size, options))
                finally:
                    server.remove()
        self.add(scenario, samples, metrics)

    def pushes(self):
        blob_metrics = [("mib_per_second", "MiB/s", PUSH_GOAL), ("cpu_s_per_gib", "server CPU, s/GiB", None),
                        ("rss_mib", "peak memory, MiB", None)]
        image_metrics = [("rate", "images/s", PUSH_GOAL), ("cpu_ms", "server CPU, ms/image", None),
                         ("rss_mib", "peak memory, MiB", None)]
        self.push("blob push 256 MiB, 1 client", "blobs", 1, 1, 256 * MIB, blob_metrics)
        self.push("blob push 256 MiB, 4 clients", "blobs", 4, 4, 256 * MIB, blob_metrics)
        self.push("image push (10 x 1 MiB), 8 clients", "images", 32, 8, MIB, image_metrics)
        self.push("image push again, all there, 8 clients", "images", 64, 8, 4096, image_metrics[:1], ["--repeated"])

    def is_wanted(self, scenario):
        return not self.options.only or self.options.only in scenario

    def limits(self):
        return {
            "SHA-256 of one core (openssl dgst)": measure.hash_limit(256 * MIB),
            "write and fsync of 256 MiB": statistics.median(measure.disk_limit(self.work, 256 * MIB) for _ in range(3)),
        }


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(rows):
    names = ["Berth", "docker-registry", "nginx"]
    lines = ["| Scenario | Metric | Berth | docker-registry 2.8 | nginx | Berth / docker-registry | Berth / nginx | goal |",
             "|---|---|---:|---:|---:|---:|---:|---|"]
    for scenario, title, medians, goal in rows:
        cells = [figure(medians[name]) if name in medians else "-" for name in names]
        for other in names[1:]:
            has_both = "Berth" in medians and medians.get(other)
            cells.append(f"{medians['Berth'] / medians[other]:.2f}" if has_both else "-")
        verdict = ""
        if goal and "Berth" in medians:
            verdict = f"{goal:g} x: {'met' if medians['Berth'] >= goal * medians['docker-registry'] else 'MISSED'}"
        lines.append(f"| {scenario} | {title} | {' | '.join(cells)} | {verdict} |")
    return "\n".join(lines)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", help="berth; without it only the others are measured")
    arguments.add_argument("--load", required=True, help="berth_load")
    arguments.add_argument("--samples", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=3, help="of one sample of a read")
    arguments.add_argument("--only", default="", help="scenarios whose name contains this")
    arguments.add_argument("--parts", default="reads,pushes")
    arguments.add_argument("--directory", help="where the servers keep their data; default: a temporary directory")
    options = arguments.parse_args()

    work = tempfile.mkdtemp(prefix="berth-bench-", dir=options.directory)
    bench = Bench(options, work)
    failed = False
    try:
        limits = bench.limits()
        for part in options.parts.split(","):
            try:
                getattr(bench, part)()
            except Exception:  # what was measured so far is worth showing
                failed = True
                traceback.print_exc()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"\nMedians of {options.samples} samples, interleaved.\n\n{table(bench.rows)}\n")
    for name, value in limits.items():
        print(f"- limit: {name}: {value:,.0f} MiB/s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
