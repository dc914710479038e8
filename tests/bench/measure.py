"""What takes the figures: wrk for GET, berth_load for HEAD and pushes, and the machine's own limits."""

import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
import time

ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
WRK_SCRIPT = f"""
wrk.headers["Accept"] = "{ACCEPT}"
function done(summary, latency, requests)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('{{"requests": %d, "bytes": %d, "seconds": %f, "p99_ms": %f, "failed": %d}}\\n',
    summary.requests, summary.bytes, summary.duration / 1e6, latency:percentile(99.0) / 1e3, failed))
end
"""


def wrk(peer, target, connections, seconds):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK_SCRIPT)
        script.flush()
        done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", script.name,
                               f"http://{peer.address}{target}"], capture_output=True, text=True, check=True)
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))


def heads(peer, load, target, connections, seconds):
    done = subprocess.run([load, "heads", peer.address, target, "--accept", ACCEPT, "--connections", str(connections),
                           "--seconds", str(seconds)], capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(f"{peer.name}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def read_load(peer, load, target, method, connections, seconds):
    """One thread of wrk, or of berth_load for HEAD. Returns rate (requests/s), p99_ms, mib_per_second, cpu_us per request, cpu_s_per_gib."""
    before = peer.cpu_seconds()
    if method == "HEAD":
        figures = heads(peer, load, target, connections, seconds)
    else:
        figures = wrk(peer, target, connections, seconds)
    cpu = peer.cpu_seconds() - before
    if figures["failed"] or not figures["requests"]:
        raise RuntimeError(f"{peer.name}: {figures['failed']} of {figures['requests']} requests for {target} failed")
    gib = figures["bytes"] / 2**30
    return {
        "rate": figures["requests"] / figures["seconds"],
        "p99_ms": figures["p99_ms"],
        "mib_per_second": figures["bytes"] / 2**20 / figures["seconds"],
        "cpu_us": cpu * 1e6 / figures["requests"],
        "cpu_s_per_gib": cpu / gib if gib else 0.0,
    }


def push_load(peer, load, kind, seed, count, clients, size, options=()):
    """berth_load. Returns rate (blobs or images/s), mib_per_second, cpu_ms each, cpu_s_per_gib, peak memory."""
    before = peer.cpu_seconds()
    done = subprocess.run([load, kind, peer.address, "--seed", str(seed), "--count", str(count), "--clients", str(clients),
                           "--size", str(size), *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{peer.name}: {done.stderr.strip()}")
    figures = json.loads(done.stdout)
    cpu = peer.cpu_seconds() - before
    return {
        "rate": count / figures["seconds"],
        "mib_per_second": count * size / 2**20 / figures["seconds"],
        "cpu_ms": cpu * 1e3 / count,
        "cpu_s_per_gib": cpu / (count * size / 2**30),
        "rss_mib": peer.resident_mib(),
    }


def hash_limit(size):
    """MiB/s of openssl dgst over a file that is in the page cache."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(os.urandom(2**20) * (size // 2**20))
        file.flush()
        started = time.monotonic()
        subprocess.run(["openssl", "dgst", "-sha256", file.name], stdout=subprocess.DEVNULL, check=True)
        return size / 2**20 / (time.monotonic() - started)


def disk_limit(directory, size):
    """MiB/s of one writer: write in pieces of 1 MiB, then fsync."""
    piece = os.urandom(2**20)
    path = pathlib.Path(directory) / "limit"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        started = time.monotonic()
        for _ in range(size // 2**20):
            os.write(descriptor, piece)
        os.fsync(descriptor)
        return size / 2**20 / (time.monotonic() - started)
    finally:
        os.close(descriptor)
        path.unlink()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()
