#!/usr/bin/env python3
"""Runs clang-tidy (.clang-tidy) on the changed sources, or on all.

Changed is what differs from the merge base with origin/main, and what is not committed; without such a base (on main
itself, in a fresh clone) what the last commit changed. A changed header is looked at through the sources of its folder
that include it. Needs build/release/compile_commands.json (make quick or cmake --preset release).

Usage: tidy.py [--all] [--jobs N] [--budget-seconds N] [FILE...]
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def changed_files():
    head = git("rev-parse", "HEAD")
    base = git("merge-base", "HEAD", "origin/main")
    if not base or base == head:
        base = git("rev-parse", "--verify", "-q", "HEAD~1")
    committed = git("diff", "--name-only", "--diff-filter=d", base[0], "HEAD") if base else git("ls-files")
    return set(committed + git("diff", "--name-only", "--diff-filter=d", "HEAD")
               + git("ls-files", "-o", "--exclude-standard"))


def sources_to_check(names, known):
    """The sources among `names`, and one that includes each header among them; `known` are the ones that are built."""
    chosen = {name for name in names if name in known}
    for header in (name for name in names if name.endswith(".h")):
        include = f'#include "{header.removeprefix("src/")}"'
        own = header.removesuffix(".h")
        candidates = sorted((name for name in known if name.startswith(os.path.dirname(header) + "/")),
                            key=lambda name: (not name.startswith(own), name))
        for name in candidates:
            if name in chosen and include in (ROOT / name).read_text(encoding="utf-8"):
                break
        else:
            for name in candidates:
                if include in (ROOT / name).read_text(encoding="utf-8"):
                    chosen.add(name)
                    break
    return sorted(chosen)


def check(name, deadline):
    """(name, what clang-tidy says or None if there was no time)."""
    if deadline and time.monotonic() > deadline:
        return name, None
    done = subprocess.run(["clang-tidy-19", "-p", str(BUILD), "--quiet", str(ROOT / name)],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout.strip()
    if done.returncode != 0 and not said:
        said = done.stderr.strip()
    return name, said if done.returncode != 0 else ""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--all", action="store_true")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    arguments.add_argument("--budget-seconds", type=float, default=0, help="start no file after this time; 0: no limit")
    arguments.add_argument("files", nargs="*")
    options = arguments.parse_args()

    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    known = {os.path.relpath(entry["file"], ROOT) for entry in commands}
    if options.all:
        names = sorted(known)
    else:
        names = sources_to_check({os.path.relpath(name, ROOT) for name in options.files} or changed_files(), known)

    deadline = time.monotonic() + options.budget_seconds if options.budget_seconds else 0
    failed, unchecked = 0, []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, said in pool.map(lambda each: check(each, deadline), names):
            if said is None:
                unchecked.append(name)
            elif said:
                failed += 1
                print(f"--- {name}\n{said}", flush=True)
    if unchecked:
        print(f"tidy: the time was over; not looked at: {' '.join(unchecked)} (make tidy looks at all)")
    print(f"tidy: {len(names) - failed - len(unchecked)} of {len(names)} sources are clean, {failed} are not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
