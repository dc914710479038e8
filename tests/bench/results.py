"""Rows as they are kept in JSON: all samples, and what follows from them."""

import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess

KEPT_DECIMALS = 6


def machine():
    """What figures depend on, as far as a program can know it."""
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":", 1)[1].strip() for line in cpu.splitlines() if line.startswith("model name")), platform.machine())
    memory_kib = int(pathlib.Path("/proc/meminfo").read_text().split()[1])
    return {
        "cores": os.cpu_count(),
        "processor": model + (" with SHA-NI" if " sha_ni" in cpu else ""),
        "memory_gib": round(memory_kib / 2**20),
        "kernel": platform.release().split("-")[0],
    }


def file_system_of(directory):
    """Its kind (ext4): that of the longest mount point above it."""
    mounts = [line.split()[1:3] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    place = pathlib.Path(directory).resolve()
    return max((mount for mount in mounts if place.is_relative_to(mount[0])), key=lambda mount: len(mount[0]))[1]


def commit():
    said = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False,
                          cwd=pathlib.Path(__file__).parent)
    return said.stdout.strip() or "unknown"


def from_row(row, seconds):
    """A row that was measured."""
    metrics = []
    for metric in row.metrics:
        values = {server: row.values(server, metric.key) for server in row.samples}
        metrics.append({
            "key": metric.key, "title": metric.title,
            "medians": {server: _rounded(statistics.median(found)) for server, found in values.items() if found},
            "goals": [_judged(row, goal) for goal in row.goals if goal.key == metric.key],
        })
    return {
        "name": row.name, "group": row.group, "measured": datetime.date.today().isoformat(), "commit": commit(),
        "seconds": seconds, "servers": row.servers, "foreign_share": _rounded(row.foreign_share),
        "is_disturbed": row.is_disturbed, "metrics": metrics,
        "client_cores": {server: _rounded(statistics.median(found)) for server in row.samples
                         if (found := row.values(server, "client_cores"))},
        "samples": {server: [{key: _rounded(value) for key, value in figures.items()} for figures in found]
                    for server, found in row.samples.items()},
    }


def _judged(row, goal):
    found, verdict = row.judged(goal)
    return {"text": goal.text(), "of": goal.of or row.servers[0], "against": goal.against, "bound": goal.bound if goal.against else 1.0,
            "is_upper_bound": goal.at_least is None, "ratio": _rounded(found.median), "low": _rounded(found.low),
            "high": _rounded(found.high), "verdict": verdict}


def _rounded(value):
    return round(value, KEPT_DECIMALS)


def load(path):
    """The results of earlier runs; none if there is no such file."""
    path = pathlib.Path(path)
    return json.loads(path.read_text()) if path.exists() else {"rows": []}


def merge(old, new_rows, order):
    """New rows take the place of old ones of the same name; rows that are measured no more go. In the order of the names."""
    rows = {row["name"]: row for row in [*old["rows"], *new_rows]}
    return {**old, "rows": [rows[name] for name in order if name in rows]}


def save(path, results):
    """One line a sample, so that a change of one row shows as one."""
    text = json.dumps(results, indent=1)
    pathlib.Path(path).write_text(text + "\n")
