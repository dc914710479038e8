#!/usr/bin/env python3
"""Every header compiles alone: each is the only include of a source that is parsed with the project's warnings.

A header whose text, whose project headers and whose flags are as they were when it last passed is not parsed again; the
record lies in build/header_check.json. With a budget what changed comes first, and of the rest each commit begins with others.

Usage: check_headers.py [--jobs N] [--budget-seconds N] [ROOT]
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from tidy import changed_files, git

COMPILER = os.environ.get("CXX", "clang++-19")
FLAGS = [
    "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wsign-conversion",
    "-Wnon-virtual-dtor", "-Woverloaded-virtual", "-Werror", "-DBOOST_ASIO_SEPARATE_COMPILATION",
    "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_BEAST_SEPARATE_COMPILATION", "-DBOOST_ASIO_DISABLE_BOOST_COROUTINE",
    "-DBOOST_JSON_DYN_LINK", "-DSPDLOG_COMPILED_LIB", "-DSPDLOG_FMT_EXTERNAL", "-DFMT_SHARED",
    '-DBERTH_VERSION="0"', '-DBERTH_SOURCE_DIR="."',
]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


def find_headers(root):
    """Includable name -> path."""
    headers = {path.relative_to(root / "src").as_posix(): path for path in (root / "src").rglob("*.h")}
    for top in ("apps", "tests"):
        headers.update({path.relative_to(root).as_posix(): path for path in (root / top).rglob("*.h")})
    return headers


def fingerprint(name, texts, version):
    """A hash of everything of ours that the header's meaning depends on."""
    seen, open_names = set(), [name]
    while open_names:
        current = open_names.pop()
        if current not in seen and current in texts:
            seen.add(current)
            open_names += INCLUDE.findall(texts[current])
    digest = hashlib.sha256(version.encode())
    for each in sorted(seen):
        digest.update(f"\0{each}\0{texts[each]}".encode())
    return digest.hexdigest()


def parse(root, name):
    """What the compiler says of a source with only this include; empty if nothing."""
    source = f'#include "{name}"\n'
    command = [COMPILER, *FLAGS, f"-I{root / 'src'}", f"-I{root}", "-x", "c++", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr or f"{COMPILER} exited with {done.returncode}"


def in_turn(names):
    """What is different from main first, then the others in an order that each commit has of its own."""
    changed = changed_files()
    head = "".join(git("rev-parse", "HEAD"))
    return sorted(names, key=lambda name: (name not in changed and f"src/{name}" not in changed,
                                           hashlib.sha256((head + name).encode()).digest()))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    arguments.add_argument("--budget-seconds", type=float, default=0, help="start no header after this time; 0: no limit")
    arguments.add_argument("root", nargs="?", default=pathlib.Path(__file__).resolve().parent.parent, type=pathlib.Path)
    options = arguments.parse_args()
    root = options.root.resolve()
    record_path = root / "build" / "header_check.json"
    try:
        record = json.loads(record_path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        record = {}

    headers = find_headers(root)
    texts = {name: path.read_text(encoding="utf-8") for name, path in headers.items()}
    version = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=True).stdout
    version += " ".join(FLAGS)
    prints = {name: fingerprint(name, texts, version) for name in texts}
    changed = in_turn(name for name in prints if record.get(name) != prints[name])

    deadline = time.monotonic() + options.budget_seconds if options.budget_seconds else None
    failed, unparsed = {}, set()

    def look_at(name):
        return None if deadline and time.monotonic() > deadline else parse(root, name)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, said in zip(changed, pool.map(look_at, changed)):
            if said is None:
                unparsed.add(name)
            elif said:
                failed[name] = said
    record_path.parent.mkdir(parents=True, exist_ok=True)
    passed = {name: value for name, value in prints.items() if name not in failed and name not in unparsed}
    record_path.write_text(json.dumps(passed, indent=0, sort_keys=True), encoding="utf-8")

    for name, said in failed.items():
        first_lines = "\n".join(said.splitlines()[:8])
        print(f"--- {name} does not compile alone\n{first_lines}")
    looked_at = len(changed) - len(unparsed)
    print(f"headers: {looked_at - len(failed)} of {looked_at} compile alone; {len(headers) - len(changed)} are as they were when they did; "
          f"{len(unparsed)} had no time")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
