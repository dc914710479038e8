"""Jobs in the background as rows: shown, begun, stopped, and what a crash leaves of one."""

import json
import subprocess
import time
import urllib.request

from harness import content
from harness.ports import free_port
from harness.repository import Repository
from harness.server import berth_server, program
from harness.waiting import wait_for

QUIET = {"gc": {"enabled": False}, "storage": {"maintenance": {"uploadpurging": {"enabled": True}}}}


def berth(server, *arguments, code=0):
    options = ["--config", str(server.config_path)] if arguments[0] == "job" else [str(server.config_path)]
    result = subprocess.run([program(), *arguments, *options], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=120)
    assert result.returncode == code, f"{arguments} ended with {result.returncode}\n{result.stdout}{result.stderr}"
    return result


def job(server, name) -> dict:
    return json.loads(berth(server, "job", "show", name, "--json").stdout)


def slow_check(server) -> subprocess.Popen:
    """A check by hand that takes minutes."""
    process = subprocess.Popen([program(), "check", str(server.config_path), "--rate", "100KiB"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    wait_for("the check", lambda: job(server, "scrub")["state"] == "running")
    return process


def pushed(server):
    repository = Repository(server.client, "jobs/app")
    repository.push(content.image([content.layer(size=20_000_000)]), "v1")
    return repository


def test_jobs_are_shown_and_begun(tmp_path):
    with berth_server(QUIET, directory=tmp_path) as server:
        names = [each["name"] for each in json.loads(berth(server, "job", "list", "--json").stdout)]
        assert names == sorted(names) and {"garbage-collection", "retention", "scrub", "upload-purge"} <= set(names)
        purge = job(server, "upload-purge")
        assert purge["state"] == "idle" and purge["started"] is None and purge["next"]
        berth(server, "job", "run", "upload-purge")
        wait_for("the purge", lambda: job(server, "upload-purge")["last_success"])
        assert job(server, "upload-purge")["result"] == "removed 0 uploads and 0 files without one"
        table = berth(server, "job", "list").stdout
        assert "removed 0 uploads" in table and "JOB" in table
        assert "not turned on" in berth(server, "job", "run", "retention", code=1).stderr
        assert "there is no job" in berth(server, "job", "show", "none", code=1).stderr
        berth(server, "garbage-collect")
        assert job(server, "garbage-collection")["result"].startswith("removed 0 blobs")
        server.stop()
        assert job(server, "upload-purge")["last_success"], "also without a server"


def test_a_run_is_stopped_at_its_next_step(tmp_path):
    with berth_server(QUIET, directory=tmp_path) as server:
        pushed(server)
        process = slow_check(server)
        wait_for("some progress", lambda: job(server, "scrub")["done"] > 0)
        running = job(server, "scrub")
        assert running["total"] > 20_000_000 and running["unit"] == "bytes"
        assert "does not run" in berth(server, "job", "stop", "retention").stdout
        assert "ends at its next step" in berth(server, "job", "stop", "scrub").stdout
        _, error = process.communicate(timeout=30)
        assert process.returncode == 1 and "it was stopped" in error
        assert job(server, "scrub")["state"] == "stopped"


def test_what_a_crash_cut_off_is_shown_as_interrupted(tmp_path):
    with berth_server(QUIET, directory=tmp_path) as server:
        pushed(server)
        process = slow_check(server)
        time.sleep(2.5)  # rows are written each second
        server.kill()
        process.communicate(timeout=60)
        assert job(server, "scrub")["state"] == "interrupted"
        server.start()
        cut_off = job(server, "scrub")
        assert cut_off["state"] == "interrupted" and cut_off["started"] and cut_off["ended"] is None
        berth(server, "check")
        assert job(server, "scrub")["state"] == "idle"


def test_one_family_of_metrics(tmp_path):
    port = free_port()
    config = {**QUIET, "http": {"debug": {"addr": f"127.0.0.1:{port}", "prometheus": {"enabled": True}}}}
    with berth_server(config, directory=tmp_path) as server:
        berth(server, "job", "run", "upload-purge")
        wait_for("the purge", lambda: job(server, "upload-purge")["last_success"])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        for line in ('berth_job_runs_total{job="upload-purge",result="success"} 1', 'berth_job_running{job="scrub"} 0',
                     'berth_job_duration_seconds_count{job="upload-purge"} 1', 'berth_job_progress_total{job="scrub",unit="bytes"} 0'):
            assert line in text, line
        assert 'berth_job_last_success_timestamp_seconds{job="upload-purge"} 1' in text
