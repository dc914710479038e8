#!/usr/bin/env python3
"""Measures Berth against nginx, docker-registry and the machine's limits, and holds the figures against their goals.

README.md beside this file says what is measured and how; docs/performance.md shows the last whole run.
"""

import argparse
import os
import pathlib
import resource
import shutil
import signal
import sys
import tempfile

import plot
import report
import results
from lab import Lab
from runner import Progress, run_row
from rows import access, http2, large, lists, memory, pushes, scaling, small, start

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = [small, access, large, pushes, lists, start, memory, http2, scaling]
# Before others have removed their files (lab.running).
FIRST = pushes
QUICK_ROUNDS, QUICK_SECONDS = 3, 1.0


def parse_arguments():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", required=True, help="berth")
    arguments.add_argument("--load", required=True, help="berth_load")
    arguments.add_argument("--receiver", required=True, help="limit_receiver")
    arguments.add_argument("--samples", type=int, default=9, help="rounds: pairs of each row")
    arguments.add_argument("--seconds", type=float, default=1.0, help="of one sample that is limited by time")
    arguments.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds of {QUICK_SECONDS:g} s")
    arguments.add_argument("--only", default="", help="rows whose names contain one of these, separated by ';'")
    arguments.add_argument("--list", action="store_true", help="print the rows' names and end")
    arguments.add_argument("--directory", type=pathlib.Path, default=ROOT / "build",
                           help="servers keep their data below it; its disk is measured")
    arguments.add_argument("--output", type=pathlib.Path, default=ROOT / "build" / "bench",
                           help="where results.json, table.md and the plots go; results of other rows stay there")
    arguments.add_argument("--record", action="store_true", help="write to docs/performance.md and docs/performance/ instead")
    options = arguments.parse_args()
    if options.quick:
        options.samples, options.seconds = QUICK_ROUNDS, QUICK_SECONDS
    if options.record:
        options.output = ROOT / "docs" / "performance"
    return options


def named_peer():
    """BENCH_PEER="name=command"."""
    name, separator, command = os.environ.get("BENCH_PEER", "").partition("=")
    if (name or separator) and not (name and command):
        sys.exit('bench: BENCH_PEER is not "name=command"')
    return (name, command) if name else None


def is_wanted(name, options):
    return not options.only or any(part.strip() in name for part in options.only.split(";"))


def run_part(part, options, progress, done):
    """Appends the rows that were measured. A failure stops neither the rows after it nor other parts; False if there was one."""
    rows = [row for row in part.rows if is_wanted(row.name, options)]
    if part.missing:
        for row in rows:
            progress.skip(row.name, part.missing)
    if part.missing or not rows:
        return True
    is_whole = True
    try:
        with part.open() as opened:
            for row in rows:
                try:
                    run_row(row, opened, options.samples, progress)
                    done.append(results.from_row(row, options.seconds))
                except Exception as problem:
                    progress.fail(row.name, problem)
                    is_whole = False
    except Exception as problem:
        progress.fail(f"servers of {rows[0].name} and others", problem)
        is_whole = False
    return is_whole


def write(options, rows, names, file_system):
    """Everything that follows from these rows and from those of earlier runs."""
    options.output.mkdir(parents=True, exist_ok=True)
    found = results.merge(results.load(options.output / "results.json"), rows, names)
    found["machine"] = {**results.machine(), "file_system": file_system}
    results.save(options.output / "results.json", found)
    goals, scaling = ([row for row in found["rows"] if row["group"] == group] for group in ("goals", "scaling"))
    if goals:
        (options.output / "ratios.svg").write_text(plot.ratios(goals))
    if scaling:
        (options.output / "scaling.svg").write_text(plot.scaling(scaling))
    if options.record:
        report.put_into(ROOT / "docs" / "performance.md", report.markdown(found))
    else:
        (options.output / "table.md").write_text(report.markdown(found) + "\n")
    print("\n".join(report.goal_table([row for row in rows if row["group"] == "goals"])))
    print(f"\nAll of it: {options.output}")


def main():
    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended and directories removed
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    options.directory.mkdir(exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="berth-bench-", dir=options.directory))
    file_system = results.file_system_of(work)
    done, names = [], []
    try:
        lab = Lab(options.program, options.load, options.receiver, work, options.seconds, named_peer())
        parts = {module: list(module.parts(lab)) for module in MODULES}
        names = [row.name for module in MODULES for part in parts[module] for row in part.rows]
        wanted = [name for name in names if is_wanted(name, options)]
        if options.list:
            print("\n".join(wanted))
            return 0
        if not wanted:
            sys.exit(f"bench: no row's name contains {options.only!r}; --list shows them")
        progress = Progress(len(wanted))
        order = sorted(MODULES, key=lambda module: module is not FIRST)
        is_whole = all([run_part(part, options, progress, done) for module in order for part in parts[module]])
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if done:  # also of a run that was broken off
            write(options, done, names, file_system)
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
