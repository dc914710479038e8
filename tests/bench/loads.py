"""Runs the load drivers and turns what they print into figures: berth_load of ours, and h2load for HTTP/2."""

import contextlib
import json
import re
import resource
import subprocess
import tempfile
import time

import content


class LoadFailed(RuntimeError):
    """The driver or the server under it said no."""


def cpu_figures(server_seconds, client_seconds, seconds, count, size_bytes):
    """Per request (or blob, image, manifest) and per GiB; the client's as a share of one core."""
    return {
        "rate": count / seconds,
        "mib_per_second": size_bytes / content.MIB / seconds,
        "cpu_us": server_seconds * 1e6 / max(count, 1),
        "cpu_ms": server_seconds * 1e3 / max(count, 1),
        "cpu_s_per_gib": server_seconds / (size_bytes / content.GIB) if size_bytes else 0.0,
        "client_cores": client_seconds / seconds,
    }


class Loads:
    def __init__(self, program):
        self.program = str(program)
        # What goes on around each load that is measured (a profiler): a function of the server to a context manager.
        self.around = lambda server: contextlib.nullcontext()

    def _run(self, kind, server, way, *options, is_measured=True):
        pids = [word for pid in server.pids() for word in ("--server", str(pid))]
        with self.around(server) if is_measured else contextlib.nullcontext():
            done = subprocess.run([self.program, kind, server.address(way), *pids, *(str(word) for word in options)],
                                  capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LoadFailed(f"{server.name}: {done.stderr.strip() or done.stdout.strip() or 'no answer'}")
        return json.loads(done.stdout)

    def requests(self, server, way, targets, connections, seconds, method="GET", rate=0.0, run_length=1, seed=1, once=False,
                 authorization=""):
        """Targets at random (once: each one time). Of a run_length above 1 the rate counts runs."""
        options = ["--targets", targets, "--connections", connections, "--seconds", seconds, "--method", method, "--rate", rate,
                   "--run", run_length, "--seed", seed, "--accept", content.MANIFEST_TYPE]
        options += ["--tls"] if way == "tls" else []
        options += ["--once"] if once else []
        options += ["--authorization", authorization] if authorization else []
        said = self._run("requests", server, way, *options, is_measured=not once)
        if not said["requests"] and not said["bytes"]:
            raise LoadFailed(f"{server.name} answered nothing within {seconds} s")
        return {**cpu_figures(said["server_cpu_seconds"], said["client_cpu_seconds"], said["seconds"],
                              said["requests"] / run_length, said["bytes"]),
                "p50_ms": said["p50_ms"], "p99_ms": said["p99_ms"]}

    def push_blobs(self, server, seed, clients, size, patch=False):
        """Each client one blob."""
        said = self._run("blobs", server, "plain", "--seed", seed, "--count", clients, "--clients", clients, "--size", size,
                         *(["--patch"] if patch else []))
        return cpu_figures(said["server_cpu_seconds"], said["client_cpu_seconds"], said["seconds"], said["done"],
                           said["done"] * size)

    def push_images(self, server, seed, clients, count, layer_size, again_seconds=0.0):
        """Images of ten layers; with again_seconds those that are there are pushed again and again for this time."""
        said = self._run("images", server, "plain", "--seed", seed, "--count", count, "--clients", clients, "--size", layer_size,
                         "--again-seconds", again_seconds)
        return cpu_figures(said["server_cpu_seconds"], said["client_cpu_seconds"], said["seconds"], said["done"],
                           said["done"] * layer_size * 10)

    def push_manifests(self, server, seed, clients, seconds):
        said = self._run("manifests", server, "plain", "--seed", seed, "--count", int(40_000 * seconds), "--clients", clients,
                         "--size", 4096, "--seconds", seconds)
        return {**cpu_figures(said["server_cpu_seconds"], said["client_cpu_seconds"], said["seconds"], said["requests"], 0),
                "p99_ms": said["p99_ms"]}

    @contextlib.contextmanager
    def idle(self, server, connections):
        """While it lasts, so many connections rest that each had one answer; then each must still answer."""
        driver = subprocess.Popen([self.program, "idle", server.address(), "--connections", str(connections)], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            if driver.stdout.readline().strip() != "ready":
                raise LoadFailed(f"{server.name}: {driver.stderr.read().strip()}")
            yield
            answered, said = driver.communicate("\n", timeout=600)
            if answered.strip() != str(connections):
                raise LoadFailed(f"{server.name}: of {connections} idle connections {answered.strip() or 'none'} still answer {said}")
        finally:
            driver.kill()
            driver.wait()

    def h2(self, server, way, targets, connections, streams, seconds):
        """h2load: HTTP/2 over TLS (way h2) or without (h2c); the lines of `targets` in turn."""
        scheme = "https" if way == "h2" else "http"
        with open(targets, encoding="ascii") as lines, tempfile.NamedTemporaryFile("w") as uris, self.around(server):
            uris.writelines(f"{scheme}://{server.address(way)}{line.split()[0]}\n" for line in lines)
            uris.flush()
            server_before, client_before = cpu_seconds(server.pids()), _children_seconds()
            done = subprocess.run(["h2load", "--duration", str(max(1, round(seconds))), "-c", str(connections), "-m", str(streams),
                                   "-t", "1", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256",
                                   "-H", f"accept: {content.MANIFEST_TYPE}", "-i", uris.name],
                                  capture_output=True, text=True, check=False)
            server_cpu, client_cpu = cpu_seconds(server.pids()) - server_before, _children_seconds() - client_before
        return read_h2load(server.name, done.stdout, server_cpu, client_cpu)


def read_h2load(name, text, server_cpu, client_cpu):
    finished = re.search(r"finished in ([\d.]+)(m?s|us)", text)
    requests = re.search(r"(\d+) succeeded, (\d+) failed", text)
    statuses = re.search(r"status codes: (\d+) 2xx", text)
    traffic = re.search(r"traffic: .*\((\d+)\) data", text)
    if not (finished and requests and statuses and traffic):
        raise LoadFailed(f"{name}: h2load said: {text.strip()[-500:] or 'nothing'}")
    if int(requests[2]) or int(statuses[1]) < int(requests[1]):
        raise LoadFailed(f"{name}: h2load: {requests[0]}, {statuses[0]}")
    seconds = float(finished[1]) * {"s": 1.0, "ms": 1e-3, "us": 1e-6}[finished[2]]
    return cpu_figures(server_cpu, client_cpu, seconds, int(requests[1]), int(traffic[1]))


def cpu_seconds(pids):
    """User and system time of processes so far, by the kernel's clock of each (clock_getcpuclockid(3))."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def _children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
