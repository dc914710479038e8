#!/usr/bin/env python3
"""Shows where Berth's time goes in one row of the benchmark: make profile-NAME.

perf watches the server while the row's load runs, and build/profile/NAME.txt says which functions took the time, alone and
with what they call. The samples with their call chains stay beside it for `perf report -i`.
"""

import argparse
import contextlib
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from bench import MODULES, ROOT
from lab import Lab

ROWS = {
    "manifest-get": "manifest GET by tag, c32, plain",
    "manifest-head": "manifest HEAD by tag, c32, plain",
    "manifest-get-tls": "manifest GET by tag, c32, TLS",
    "blob-head": "blob HEAD, c32, plain",
    "blob-get-4k": "blob GET 4 KiB, c32, plain",
    "blob-get-64k": "blob GET 64 KiB, c32, plain",
    "blob-get-large": "blob GET 100 MiB, c8, plain (sendfile)",
    "blob-get-large-tls": "blob GET 100 MiB, c8, TLS",
    "image-pull": "image pull (10 x 1 MiB), c8, plain (sendfile)",
    "blob-push": "push 256 MiB, POST+PUT, c1",
    "image-push": "image push (10 x 1 MiB), c8",
    "image-push-again": "image push again, all is there, c8",
    "manifest-put": "manifest PUT, c64",
    "tag-page": "page of 100 tags of 1 M tags, caches off, c8",
    "catalog-page": "catalog page of 100 of 1 M repositories, caches off, c8",
    "http2": "HTTP/2 over TLS: manifest GET by tag (2 KB), 32 connections x 8 streams",
    "http2-large": "HTTP/2 over TLS: blob GET 100 MiB, 4 connections x 2 streams",
    "http2-large-plain": "HTTP/2 without TLS: blob GET 100 MiB, 4 connections x 2 streams",
}
ATTACH_SECONDS = 0.5
# Names of templates go on without end.
REPORT_WIDTH = 160


class Perf:
    """Samples of all threads by the processor's clock, 997 times a second, with their call chains."""

    def __init__(self, base):
        self.data = base.with_suffix(".perf")

    @contextlib.contextmanager
    def watching(self, server):
        pids = ",".join(str(pid) for pid in server.pids())
        recorder = subprocess.Popen(["perf", "record", "-e", "cpu-clock", "-F", "997", "-g", "-o", self.data, "-p", pids],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(ATTACH_SECONDS)
        if recorder.poll() is not None:
            raise RuntimeError(f"perf cannot watch here: {recorder.stderr.read().strip()[-500:]}")
        try:
            yield
        finally:
            recorder.send_signal(signal.SIGINT)
            recorder.communicate()

    def report(self):
        texts = []
        for title, option in (("Time in functions themselves", "--no-children"), ("With what they call", "--children")):
            done = subprocess.run(["perf", "report", "-i", self.data, "--stdio", "-g", "none", "--percent-limit", "0.3",
                                   "-s", "dso,symbol", option], capture_output=True, text=True, check=True)
            rows = [" ".join(line.split()).removesuffix(" - -")[:REPORT_WIDTH] for line in done.stdout.splitlines()
                    if "%" in line and not line.startswith("#")]
            texts.append("\n".join([title, "=" * len(title), *rows, ""]))
        return "\n".join(texts)


def parse_arguments():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("name", nargs="?", help="of a row (--list)")
    arguments.add_argument("--list", action="store_true", help="print the names and their rows")
    arguments.add_argument("--program", help="berth")
    arguments.add_argument("--load", help="berth_load")
    arguments.add_argument("--receiver", help="limit_receiver")
    arguments.add_argument("--seconds", type=float, default=5.0, help="of a load that is limited by time")
    options = arguments.parse_args()
    if options.list or options.name not in ROWS:
        print("\n".join(f"profile-{name:<20} {row}" for name, row in ROWS.items()))
        sys.exit(0 if options.list else f"profile: no row {options.name!r}")
    return options


def run(options, perf, work):
    lab = Lab(options.program, options.load, options.receiver, work, options.seconds, has_others=False)
    lab.loads.around = lambda server: perf.watching(server) if server.name == "Berth" else contextlib.nullcontext()
    part, row = next((part, row) for module in MODULES for part in module.parts(lab) for row in part.rows
                     if row.name == ROWS[options.name])
    if part.missing:
        sys.exit(f"profile: {part.missing}")
    with part.open() as opened:
        return row.measure(opened, row.servers[0], 0)


def main():
    options = parse_arguments()
    base = ROOT / "build" / "profile" / options.name
    base.parent.mkdir(parents=True, exist_ok=True)
    perf = Perf(base)
    with tempfile.TemporaryDirectory(prefix="berth-profile-", dir=ROOT / "build") as work:
        figures = run(options, perf, pathlib.Path(work))
    text = perf.report()
    base.with_suffix(".txt").write_text(text)
    print("\n".join(text.splitlines()[:40]))
    print(f"\n{ROWS[options.name]}: " + ", ".join(f"{key} {value:,.4g}" for key, value in figures.items()))
    print(f"All of it: {base.with_suffix('.txt')}; raw: {perf.data}")


if __name__ == "__main__":
    main()
