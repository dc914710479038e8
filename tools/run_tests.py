#!/usr/bin/env python3
"""Runs the stages of `make test` and `make sanitize`, and ends with the time of each and one line `N passed, N failed`.

A stage that fails does not stop the others, unless they need what it builds. Each has a time limit, so that the whole
ends whatever hangs. Results of single tests are kept as JUnit files in build/test-results/.
"""

import argparse
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "test-results"

SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": f"second_deadlock_stack=1:suppressions={ROOT / 'tools' / 'tsan.supp'}",
    "ASAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-19",
    "UBSAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-19",
    "TSAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-19",
}


@dataclasses.dataclass
class Stage:
    """Commands run one after the other until one fails."""

    name: str
    about: str
    commands: list
    limit_minutes: float
    environment: dict = dataclasses.field(default_factory=dict)
    needs: str = ""  # a stage that must have passed


@dataclasses.dataclass
class Outcome:
    stage: Stage
    verdict: str = "passed"  # passed, failed, skipped, out of time
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0


def build(preset, jobs, *targets):
    return [["cmake", "--preset", preset, "--log-level=WARNING"],
            ["ninja", "-C", f"build/{preset}", "-j", str(jobs), *targets]]


def ctest(preset, name, jobs):
    return ["ctest", "--test-dir", f"build/{preset}", "-L", "unit", "-j", str(jobs), "--output-on-failure",
            "--no-tests=error", "--output-junit", str(RESULTS / name / "ctest.xml")]


def pytest(name, *paths):
    return [sys.executable, "-m", "pytest", "-q", "--durations=8", f"--junitxml={RESULTS / name / 'pytest.xml'}", *paths]


def all_stages(jobs, fuzz_seconds):
    """The stages by name, in the order they run."""
    process_tests = ["tests/process", "tests/conformance", "tests/powercut"]
    return {stage.name: stage for stage in [
        Stage("release", "release build", build("release", jobs, "berth"), 15),
        Stage("checks", "includes, headers, tools", [
            [sys.executable, "tools/check_includes.py"],
            [sys.executable, "tools/check_headers.py", "--jobs", str(jobs), "--budget-seconds", "60"],
            pytest("checks", "tools", "tests/bench"),
        ], 10),
        # In the tree that is there already; assertions are on in the sanitizers' trees.
        Stage("unit", "unit and contract tests", [*build("release", jobs), ctest("release", "unit", jobs)], 20),
        Stage("process", "process, conformance, power-cut tests", [pytest("process", *process_tests)], 25,
              {"BERTH": str(ROOT / "build/release/berth")}, needs="release"),
        Stage("http2", "conformance tests over HTTP/2", [pytest("http2", "tests/conformance")], 10,
              {"BERTH": str(ROOT / "build/release/berth"), "BERTH_TEST_HTTP": "2"}, needs="release"),
        # One tree for both: the fuzzers are built with ASan and UBSan anyway.
        Stage("asan", "unit and contract tests, ASan+UBSan", [*build("fuzz", jobs), ctest("fuzz", "asan", jobs)], 30,
              SANITIZER_ENVIRONMENT),
        Stage("fuzz", f"fuzzers, {fuzz_seconds} s each", [
            ["tests/fuzz/run.sh", "build/fuzz/fuzz", str(fuzz_seconds), str(jobs)]], 15, SANITIZER_ENVIRONMENT, needs="asan"),
        Stage("tidy", "clang-tidy on changed files", [
            [sys.executable, "tools/tidy.py", "--jobs", str(jobs), "--budget-seconds", "600"]], 12, needs="unit"),
        Stage("tsan", "unit and contract tests, TSan", [*build("tsan", jobs), ctest("tsan", "tsan", jobs)], 40,
              SANITIZER_ENVIRONMENT),
        Stage("process-asan", "process tests under ASan+UBSan", [
            *build("asan", jobs, "berth"), pytest("process-asan", *process_tests)], 90,
              {**SANITIZER_ENVIRONMENT, "BERTH": str(ROOT / "build/asan/berth")}),
    ]}


DEFAULT_STAGES = ["release", "checks", "unit", "process", "http2", "asan", "fuzz", "tidy"]


def run_command(command, environment, deadline):
    """The exit code; None when the time is over. The command's children end with it."""
    print(f"$ {' '.join(command)}", flush=True)
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, start_new_session=True)
    try:
        return process.wait(timeout=max(1.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def count(directory):
    """Sums the JUnit files of a stage: (passed, failed, skipped), or None without one."""
    total, failed, skipped, programs_failed = 0, 0, 0, 0
    files = sorted(directory.glob("*.xml"))
    for path in files:
        try:
            root = xml.etree.ElementTree.parse(path).getroot()
        except xml.etree.ElementTree.ParseError:
            failed += 1  # a program that died while writing it
            total += 1
            continue
        if path.name == "ctest.xml":  # counts programs; what is inside them stands in files of their own
            programs_failed = int(root.get("failures", 0))
            continue
        suites = [root] if root.get("tests") else list(root)
        for suite in suites:
            total += int(suite.get("tests", 0))
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0)) + int(suite.get("disabled", 0))
    if not files:
        return None
    if programs_failed > failed:  # crashed or timed out: no test of theirs says so
        total += programs_failed - failed
        failed = programs_failed
    return total - failed - skipped, failed, skipped


def run_stage(stage):
    outcome = Outcome(stage)
    print(f"\n=== {stage.name}: {stage.about}", flush=True)
    results = RESULTS / stage.name
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    environment = {**stage.environment, "GTEST_OUTPUT": f"xml:{results}/"}
    started = time.monotonic()
    deadline = started + stage.limit_minutes * 60
    for command in stage.commands:
        code = run_command(command, environment, deadline)
        if code is None:
            outcome.verdict = f"over {stage.limit_minutes:g} min"
            break
        if code != 0:
            outcome.verdict = "failed"
            break
    outcome.seconds = time.monotonic() - started
    counted = count(results)
    outcome.passed, outcome.failed, outcome.skipped = counted or (0, 0, 0)
    if outcome.verdict == "passed" and not counted:
        outcome.passed = 1
    if outcome.verdict != "passed" and outcome.failed == 0:
        outcome.failed = 1
    print(f"=== {stage.name}: {outcome.verdict} in {outcome.seconds:.0f} s", flush=True)
    return outcome


def print_summary(outcomes, packages_seconds):
    print("\nStage                                     time   passed  failed  skipped")
    print(f"{'packages':<40} {packages_seconds:>4} s")
    for outcome in outcomes:
        print(f"{outcome.stage.about:<40} {outcome.seconds:>4.0f} s  {outcome.passed:>6}  {outcome.failed:>6}  "
              f"{outcome.skipped:>7}  {outcome.verdict if outcome.verdict != 'passed' else ''}".rstrip())
    seconds = packages_seconds + sum(outcome.seconds for outcome in outcomes)
    print(f"{'all':<40} {seconds / 60:>4.1f} min\n")
    print(f"{sum(o.passed for o in outcomes)} passed, {sum(o.failed for o in outcomes)} failed", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", default=",".join(DEFAULT_STAGES), help="stages, separated by commas")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    arguments.add_argument("--fuzz-seconds", type=int, default=60)
    arguments.add_argument("--packages-seconds", type=int, default=0)
    options = arguments.parse_args()

    stages = all_stages(options.jobs, options.fuzz_seconds)
    outcomes = []
    for name in options.only.split(","):
        stage = stages[name]
        blocked = any(o.stage.name == stage.needs and o.verdict not in ("passed",) and o.passed == 0 for o in outcomes)
        if blocked:
            print(f"\n=== {name}: not run, {stage.needs} failed")
            outcomes.append(Outcome(stage, verdict=f"not run: {stage.needs} failed", failed=1))
        else:
            outcomes.append(run_stage(stage))
    print_summary(outcomes, options.packages_seconds)
    return 0 if all(outcome.verdict == "passed" for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
