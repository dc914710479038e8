#!/usr/bin/env python3
"""Runs the official conformance program of the OCI distribution specification against fresh servers, every option on, in
four configurations: the defaults (and deletes), sparse manifests allowed with sparse data pushed, and with a login, by password
and by token.

Prints cases and failures of each; exits 1 on any failure. Results stay in build/conformance/.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "process"))

from harness.access import password_of, write_htpasswd  # noqa: E402
from harness.server import berth_server, merged  # noqa: E402

USER = "conformance"
DELETES = {"storage": {"delete": {"enabled": True}}}
RUNS = {
    "default": (DELETES, {}),
    "sparse": ({**DELETES, "validation": {"manifests": {"missing": "allow"}}}, {"OCI_DATA_SPARSE": "true"}),
    "password": ({**DELETES, "auth": {"htpasswd": {"realm": "conformance"}}}, {}),
    "token": ({**DELETES, "auth": {"htpasswd": {"realm": "conformance"}, "local": {}}}, {}),
}
EVERY_OPTION = {
    "OCI_TLS": "disabled",
    "OCI_VERSION": "dev",
    "OCI_API_BLOBS_DIGEST_HEADER": "true",
    "OCI_API_BLOBS_UPLOAD_CANCEL": "true",
    "OCI_API_MANIFESTS_DIGEST_HEADER": "true",
    "OCI_API_MANIFESTS_TAG_PARAM": "true",
}


def read_cases(junit):
    """{status: [names]}: the program marks its cases passed, failure, error, skipped or disabled."""
    cases = {}
    for case in xml.etree.ElementTree.parse(junit).getroot().iter("testcase"):
        cases.setdefault(case.get("status", "unknown"), []).append(case.get("name"))
    return cases


def run(name, program, berth, config, extra):
    results = ROOT / "build" / "conformance" / name
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    if "auth" in config:
        users = write_htpasswd(results / "htpasswd", [USER])
        config = merged(config, {"auth": {"htpasswd": {"path": str(users)}}})
        extra = {**extra, "OCI_USERNAME": USER, "OCI_PASSWORD": password_of(USER)}
    with berth_server(config, executable=berth) as server:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("OCI_")}
        environment.update(EVERY_OPTION, **extra, OCI_REGISTRY=server.address, OCI_RESULTS_DIR=str(results))
        with open(results / "output.txt", "wb") as output:
            done = subprocess.run([program], env=environment, stdout=output, stderr=output, cwd=results, timeout=1800, check=False)
    if not (results / "junit.xml").exists():
        print(f"{name}: no report (exit {done.returncode}):\n{(results / 'output.txt').read_text(errors='replace')[-3000:]}")
        return False
    cases = read_cases(results / "junit.xml")
    total = sum(len(names) for names in cases.values())
    failed = [each for status, names in cases.items() if status not in ("passed", "skipped", "disabled") for each in names]
    print(f"{name}: {total} cases, {len(failed)} failed, {len(cases.get('skipped', []))} skipped, "
          f"the program's exit code {done.returncode} ({results})")
    for each in failed:
        print(f"  failed: {each}")
    return total > 0 and not failed and done.returncode == 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--berth", default=str(ROOT / "build" / "release" / "berth"))
    options = arguments.parse_args()
    program = shutil.which(os.path.abspath(options.program)) or sys.exit(f"{options.program} is not a program")
    results = [run(name, program, os.path.abspath(options.berth), config, extra) for name, (config, extra) in RUNS.items()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
