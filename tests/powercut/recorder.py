"""Builds recorder.cpp and says how to preload it."""

import fcntl
import os
import pathlib
import shutil
import subprocess
from typing import Dict

_SOURCE = pathlib.Path(__file__).resolve().parent / "recorder.cpp"
_LIBRARY = _SOURCE.parents[2] / "build" / "powercut" / "recorder.so"
_FLAGS = ["-std=c++20", "-O1", "-g1", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-shared", "-fPIC"]


def library() -> pathlib.Path:
    """The recorder, built again if its source is newer."""
    _LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    with open(_LIBRARY.with_suffix(".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _LIBRARY.exists() or _LIBRARY.stat().st_mtime < _SOURCE.stat().st_mtime:
            compiler = os.environ.get("CXX") or shutil.which("clang++-19") or "clang++"
            made = _LIBRARY.with_suffix(".new")
            subprocess.run([compiler, *_FLAGS, str(_SOURCE), "-o", str(made), "-ldl"], check=True)
            made.rename(_LIBRARY)
    return _LIBRARY


def environment(root: pathlib.Path, log: pathlib.Path, drop_syncs: bool = False) -> Dict[str, str]:
    """Variables for a program whose doings below `root` are to be recorded in `log`. The root must exist."""
    variables = {
        "LD_PRELOAD": str(library()),
        "BERTH_POWERCUT_ROOT": str(root.resolve(strict=True)),
        "BERTH_POWERCUT_LOG": str(log),
    }
    if drop_syncs:
        variables["BERTH_POWERCUT_DROP_SYNC"] = "1"
    return variables
