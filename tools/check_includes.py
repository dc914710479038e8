#!/usr/bin/env python3
"""Holds the includes to the levels of the house (docs/architecture.md).

A folder of src/ includes only folders of a lower level; folders of one level never include each other; implementation
folders (storage/filesystem) are seen by themselves, by server/ and by tests. Foreign libraries stay in their rooms.
Prints one line a breach, `file:line: what`, and exits 1; exits 0 and prints one line otherwise.

Usage: check_includes.py [ROOT]
"""

import pathlib
import re
import sys

LEVELS = {
    "base": 0,
    "async": 1, "observe": 1,
    "content": 2, "net": 2,
    "storage": 3, "cluster": 3, "http": 3,
    "metadata": 4,
    "auth": 5, "events": 5,
    "registry": 6,
    "lifecycle": 7, "migration": 7, "upstream": 7, "trust": 7,
    "api": 8, "webui": 8,
    "server": 9,
    "apps": 10,
}
# http/ is beside storage/, but the rules of a registry must not know that HTTP exists.
WITHOUT_HTTP = range(4, 8)

# Folders below another that belong to it: no implementations of its interfaces.
ROOMS = {"api/admin"}

# Foreign headers and where they may stand. Folders match with everything below them. Tests may use what they like.
FOREIGN = [
    (re.compile(r"boost/beast"), "Boost.Beast", ["http", "net"]),
    (re.compile(r"nghttp2/"), "nghttp2", ["http", "net"]),
    (re.compile(r"(openssl/|boost/asio/ssl)"), "OpenSSL",
     ["http", "net", "auth/token", "content/hasher.cpp", "content/digest.cpp"]),
    (re.compile(r"yaml-cpp/"), "yaml-cpp", ["server"]),
    (re.compile(r"sqlite3\.h"), "SQLite", ["metadata/sqlite"]),
    (re.compile(r"spdlog/"), "spdlog", ["observe"]),
    (re.compile(r"CLI/"), "CLI11", ["apps"]),
    (re.compile(r"^archive(_entry)?\.h"), "libarchive", ["apps"]),
    (re.compile(r"boost/asio/awaitable\.hpp"), "boost/asio/awaitable.hpp (use async/task.h)", ["async/task.h"]),
]
# A header that brings in one of these must stay inside its folder: whoever sees it takes ten times as long to compile.
HEAVY = re.compile(r"(boost/beast|nghttp2/|openssl/|boost/asio/ssl|yaml-cpp/|sqlite3\.h)")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)')
# A contract suite is a header, because each implementation's test instantiates it; so is what several tests share.
TEST_SOURCE = re.compile(r"(_(test|fuzz|bench)\.cpp|_(contract|fixture)\.h)$")
FOLDER_CALL = re.compile(r"^berth_folder\(\s*([\w/]+)([^)]*)\)", re.MULTILINE)


class File:
    """One source or header: where it stands and what it includes."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        parts = self.path.split("/")
        self.inside = "/".join(parts[1:]) if parts[0] == "src" else self.path
        self.top = parts[1] if parts[0] == "src" else parts[0]
        # "storage/filesystem/blob_store.cpp" lies in the implementation storage/filesystem, "storage/layout.h" in none.
        folders = self.inside.split("/")[:-1]
        self.folder = "/".join(folders)
        below = "/".join(folders[:2]) if len(folders) > 1 else ""
        self.implementation = "" if below in ROOMS else below
        self.is_test = parts[0] == "tests" or bool(TEST_SOURCE.search(self.path))
        self.is_header = self.path.endswith(".h")
        self.text = path.read_text(encoding="utf-8")
        self.quoted = []   # (line number, included path)
        self.foreign = []
        for number, line in enumerate(self.text.splitlines(), 1):
            match = INCLUDE.match(line)
            if match and match.group(1):
                self.quoted.append((number, match.group(1)))
            elif match:
                self.foreign.append((number, match.group(2)))


def read_files(root):
    files = []
    for top in ("src", "apps", "tests"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".h", ".cpp") and path.is_file():
                files.append(File(root, path))
    return files


def is_within(inside, places):
    return any(inside == place or inside.startswith(place + "/") for place in places)


def check_level(file, line, target):
    """What is wrong with `file` including the src file `target`, or None."""
    room, target_room = file.top, target.top
    if target_room not in LEVELS:
        return f"the folder {target_room} is not in the table of levels"
    hidden = target.implementation
    if hidden and not file.is_test and room != "server" and file.implementation != hidden:
        return f"only server/, tests and {hidden}/ itself may include {target.inside}"
    if file.top == "tests":
        return None
    if room == target_room:
        return None
    level, target_level = LEVELS[room], LEVELS[target_room]
    if target_level > level:
        return f"{room} (level {level}) includes {target.inside} (level {target_level}): includes only go down"
    if target_level == level:
        return f"{room} includes {target.inside}: folders of one level ({level}) never include each other"
    if target_room == "http" and level in WITHOUT_HTTP:
        return f"{room} (level {level}) includes {target.inside}: levels 4 to 7 know nothing of HTTP"
    return None


def heavy_headers(files):
    """Headers that bring in a heavy library, directly or through headers of their own."""
    by_name = {file.inside: file for file in files if file.is_header}
    heavy = {name for name, file in by_name.items() if any(HEAVY.match(path) for _, path in file.foreign)}
    while True:
        more = {name for name, file in by_name.items()
                if name not in heavy and any(path in heavy for _, path in file.quoted)}
        if not more:
            return heavy
        heavy |= more


def check_files(files):
    """All breaches as (path, line, text)."""
    breaches = []
    sources = {file.inside: file for file in files if file.path.startswith("src/")}
    everything = {file.path: file for file in files}
    heavy = heavy_headers(files)
    for file in files:
        def report(line, text, path=file.path):
            breaches.append((path, line, text))

        if file.path.startswith("src/") and file.top not in LEVELS:
            report(1, f"the folder {file.top} is not in the table of levels")
            continue
        if file.is_header and "#pragma once" not in file.text.splitlines():
            report(1, "a header needs #pragma once")
        for line, name in file.quoted:
            if name in sources:
                target = sources[name]
                problem = check_level(file, line, target)
                if problem:
                    report(line, problem)
                if name in heavy and target.top != file.top and not file.is_test:
                    report(line, f"{name} brings in a library that stays in {target.top}/")
            elif name not in everything:
                report(line, f'"{name}" is not a header of ours by its full path')
            elif not file.is_test and name.rsplit("/", 1)[0] != file.folder:
                report(line, f"only {'tests' if name.startswith('tests/') else 'the program itself'} may include {name}")
        for line, name in file.foreign:
            for pattern, what, places in FOREIGN:
                if pattern.match(name) and not file.is_test and not is_within(file.inside, places):
                    report(line, f"{what} stays in {', '.join(places)}")
        own = re.sub(r"(_test|_fuzz|_bench)?\.cpp$", ".h", file.inside)
        if not file.is_header and own in sources and not file.is_test:
            if not file.quoted or file.quoted[0][1] != own:
                report(file.quoted[0][0] if file.quoted else 1, f'"{own}" comes first')
    return breaches


def check_cmake(text):
    """The dependency lists of src/CMakeLists.txt go down, too."""
    breaches = []
    for match in FOLDER_CALL.finditer(text):
        folder = match.group(1)
        line = text.count("\n", 0, match.start()) + 1
        room = folder.split("/")[0]
        words = match.group(2).split()
        depends = []
        keyword = None
        for word in words:
            if word in ("DEPENDS", "LINKS", "TEST_DEPENDS", "ROOMS"):
                keyword = word
            elif keyword == "DEPENDS":
                depends.append(word)
        if room not in LEVELS:
            breaches.append(("src/CMakeLists.txt", line, f"the folder {room} is not in the table of levels"))
            continue
        for other in depends:
            other_room = other.split("/")[0]
            if room == other_room and "/" in folder and "/" not in other:
                continue  # an implementation depends on its interface
            if LEVELS.get(other_room, 99) >= LEVELS[room]:
                breaches.append(("src/CMakeLists.txt", line, f"{folder} must not depend on {other}"))
            elif "/" in other and room != "server":
                breaches.append(("src/CMakeLists.txt", line, f"only server may depend on {other}"))
    return breaches


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    files = read_files(root)
    breaches = check_files(files)
    cmake = root / "src" / "CMakeLists.txt"
    if cmake.exists():
        breaches += check_cmake(cmake.read_text(encoding="utf-8"))
    for path, line, text in breaches:
        print(f"{path}:{line}: {text}")
    if breaches:
        print(f"includes: {len(breaches)} breaches in {len(files)} files")
        return 1
    print(f"includes: {len(files)} files hold to the levels")
    return 0


if __name__ == "__main__":
    sys.exit(main())
