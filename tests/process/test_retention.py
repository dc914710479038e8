"""Retention as people use it: plans, applying them, schedules, and taking back what was deleted."""

import json
import re
import subprocess
import time

import pytest

from harness import content
from harness.repository import Repository
from harness.server import berth_server, program
from harness.waiting import wait_for

# Promises that are soon over; nothing happens by itself.
BASE = {"gc": {"enabled": False, "promise": "1s"}}
BESIDE_AND_ALONE = pytest.mark.parametrize("beside", [True, False], ids=["beside a serving Berth", "alone"])


def with_rules(*rules, **more):
    return {**BASE, "retention": {"rules": list(rules), **more}}


def berth(server, *arguments, code=0):
    options = () if arguments[:2] == ("retention", "convert") else ("--config", str(server.config_path))
    result = subprocess.run([program(), *arguments, *options], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    assert result.returncode == code, f"{arguments} ended with {result.returncode}\n{result.stdout}{result.stderr}"
    return result


def plan_of(server, *arguments):
    return json.loads(berth(server, "retention", "plan", "--format", "json", *arguments).stdout)


def decisions(plan) -> dict:
    """tag or digest -> (decision, why)"""
    return {entry["tag"] or entry["digest"]: (entry["decision"], entry["why"]) for entry in plan["entries"]}


def alone_or_not(server, beside):
    if not beside:
        server.stop()


@BESIDE_AND_ALONE
def test_a_policy_deletes_what_the_plan_says_and_nothing_that_is_held(tmp_path, beside):
    rules = ({"name": "shield", "action": "protect", "tags": "release-*"},
             {"name": "recent", "action": "keep", "tags": "pr-*", "newest": 1},
             {"name": "everything", "action": "delete", "repositories": "ret/**", "older_than": "1s"})
    config = {**with_rules(*rules), "policy": {"tags": [{"tags": "v*", "except": "user:root"}]}}
    with berth_server(config, directory=tmp_path) as server:
        repository = Repository(server.client, "ret/app")
        other = Repository(server.client, "other")
        index = repository.push(content.multi_arch(), "index")
        release = repository.push(content.image(), "release-1")
        immutable = repository.push(content.image(), "v1")
        for number in range(3):
            repository.push(content.image(), f"pr-{number}")
            time.sleep(0.01)
        moved = repository.push(content.image(), "moving")
        repository.push(content.image(), "moving")
        signature = repository.push(content.artifact(subject=release))
        cosign = repository.push(content.artifact(), f"sha256-{release.digest.split(':')[1]}.sig")
        kept = other.push(content.image(), "pr-1")
        time.sleep(1.2)  # ages, and the promises of the pushes
        alone_or_not(server, beside)

        table = berth(server, "retention", "plan").stdout
        assert re.search(r"^delete +ret/app +pr-0 +sha256:\w{12} +everything", table, re.M), table
        assert "the tag is immutable (everything would delete it)" in table
        assert "an index in use names it" in table and "what it refers to is in use" in table
        plan = plan_of(server)
        assert f"plan {plan['id']}" in table
        deleted = {name for name, (decision, _) in decisions(plan).items() if decision == "delete"}
        assert deleted == {"pr-0", "pr-1", "moving", "index", moved.digest}
        assert all(entry["repository"] == "ret/app" for entry in plan["entries"])
        diff = berth(server, "retention", "plan", "--format", "diff").stdout
        assert {line.split()[1] for line in diff.splitlines() if line.startswith("- ")} \
            == {f"ret/app:{name}" if ":" not in name else f"ret/app@{name}" for name in deleted}
        assert f"plan {plan['id']}" in diff

        said = berth(server, "retention", "apply", plan["id"]).stdout
        assert "deleted 4 tags and 1 untagged manifests, left 0" in said
        if not beside:
            server.start()
            repository, other = Repository(server.client, "ret/app"), Repository(server.client, "other")
        assert set(repository.tag_names()) == {"release-1", "v1", "pr-2", f"sha256-{release.digest.split(':')[1]}.sig"}
        for each in (index, release, immutable, signature, cosign, *index.children):
            repository.assert_holds(each)
        repository.get_manifest(moved.digest).expect(404)
        other.assert_holds(kept, "pr-1")


@BESIDE_AND_ALONE
def test_a_plan_is_refused_where_the_world_has_changed(tmp_path, beside):
    with berth_server(with_rules({"action": "delete", "tags": "pr-*"}), directory=tmp_path) as server:
        repository = Repository(server.client, "ret/app")
        repository.push(content.image(), "pr-1", "pr-2")
        plan = plan_of(server)
        moved = repository.push(content.image(), "pr-1")
        alone_or_not(server, beside)
        refused = berth(server, "retention", "apply", plan["id"], code=1)
        assert "the registry has changed since the plan was made" in refused.stderr
        if beside:
            assert f"ret/app:pr-1 names {moved.digest} now" in refused.stderr
        assert "there is no retention plan" in berth(server, "retention", "apply", "0" * 64, code=1).stderr
        berth(server, "retention", "apply", plan_of(server)["id"])
        if not beside:
            server.start()
        assert Repository(server.client, "ret/app").tag_names() == []


def test_what_was_deleted_comes_back(tmp_path):
    config = with_rules({"action": "delete", "tags": "pr-*"}, {"action": "delete", "state": "untagged", "older_than": "1s"})
    with berth_server(config, directory=tmp_path) as server:
        repository = Repository(server.client, "ret/app")
        tagged, untagged = repository.push(content.image(), "pr-1"), repository.push(content.image())
        time.sleep(1.2)
        berth(server, "retention", "apply", plan_of(server)["id"])
        repository.get_manifest("pr-1").expect(404)
        repository.get_manifest(untagged.digest).expect(404)
        history = json.loads(berth(server, "tag", "history", "ret/app:pr-1", "--json").stdout)
        assert history[0]["to"] is None and history[0]["by"] == "control socket"
        assert "is back" in berth(server, "undo", f"ret/app@{untagged.digest}").stdout
        assert "again" in berth(server, "undo", "ret/app:pr-1").stdout
        repository.assert_holds(tagged, "pr-1")
        repository.assert_holds(untagged)


def test_a_schedule_runs_by_itself_and_is_a_job(tmp_path):
    with berth_server(with_rules({"action": "delete", "tags": "pr-*"}, schedule="1s"), directory=tmp_path) as server:
        repository = Repository(server.client, "ret/app")
        repository.push(content.image(), "pr-1", "v1")
        wait_for("the retention", lambda: repository.tag_names() == ["v1"], seconds=20)
        job = json.loads(berth(server, "job", "show", "retention", "--json").stdout)
        assert job["next"] and job["last_success"]
        history = json.loads(berth(server, "tag", "history", "ret/app:pr-1", "--json").stdout)
        assert history[0]["by"] == "retention"


def test_other_rules_can_be_tried_and_a_bad_one_is_refused(tmp_path):
    with berth_server(with_rules({"action": "delete", "tags": "none-*"}), directory=tmp_path) as server:
        repository = Repository(server.client, "ret/app")
        repository.push(content.image(), "pr-1", "v1")
        rules = tmp_path / "rules.yml"
        rules.write_text("retention:\n  rules:\n    - {name: old, action: delete, tags: [pr-*]}\n")
        plan = plan_of(server, "--file", str(rules), "ret/app")
        assert decisions(plan)["pr-1"][0] == "delete" and decisions(plan)["v1"][0] == "keep"
        berth(server, "retention", "apply", plan["id"])
        assert repository.tag_names() == ["v1"]
        rules.write_text("- {name: old, action: delete, tag: [pr-*]}\n")
        assert "is not a key of a rule (did you mean tags?)" in berth(server, "retention", "plan", "--file", str(rules), code=1).stderr
        assert "there is no repository ret/none" in berth(server, "retention", "plan", "ret/none", code=1).stderr
        shown = berth(server, "retention", "rules").stdout
        assert '"tags":["none-*"]' in shown


def test_policies_of_ecr_and_harbor_are_converted_and_configured(tmp_path):
    ecr = tmp_path / "ecr.json"
    ecr.write_text(json.dumps({"rules": [{
        "rulePriority": 1, "description": "old", "action": {"type": "expire"},
        "selection": {"tagStatus": "tagged", "tagPatternList": ["pr-*"], "countType": "imageCountMoreThan", "countNumber": 1}}]}))
    converted = berth(None, "retention", "convert", "--from", "ecr", str(ecr), "--repositories", "ret/**").stdout
    with berth_server({**BASE, "retention": {"policies": [{"from": "ecr", "file": str(ecr), "repositories": ["ret/**"]}]}},
                      directory=tmp_path / "one") as server:
        repository = Repository(server.client, "ret/app")
        for number in range(3):
            repository.push(content.image(), f"pr-{number}")
        plan = plan_of(server)
        assert {name for name, (decision, _) in decisions(plan).items() if decision == "delete"} == {"pr-0", "pr-1"}
        rules = tmp_path / "rules.yml"
        rules.write_text(converted)
        assert plan_of(server, "--file", str(rules))["id"] == plan["id"]
        ecr.write_text("{}")
        checked = subprocess.run([program(), "config", "check", str(server.config_path)], text=True, capture_output=True)
        assert checked.returncode == 1 and "retention.policies[0]" in checked.stdout + checked.stderr
    harbor = tmp_path / "harbor.json"
    harbor.write_text("{")
    assert "harbor.json" in berth(None, "retention", "convert", "--from", "harbor", str(harbor), code=1).stderr


def test_pulls_are_noted_and_heads_are_not(tmp_path):
    config = {**with_rules({"action": "delete", "not_pulled_for": "3s"}), "pulltimes": {"resolution": "1s"}}
    with berth_server(config, directory=tmp_path) as server:
        repository = Repository(server.client, "ret/app")
        image = repository.push(content.image(), "by-tag")
        other = repository.push(content.image(), "by-digest")
        repository.push(content.image(), "by-head")
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            # The first goes the long way, the rest is answered from memory.
            repository.get_manifest("by-tag").expect(200)
            repository.get_manifest(other.digest).expect(200)
            repository.head_manifest("by-head").expect(200)
            time.sleep(0.05)
        wait_for("the last times of pulls", lambda: {name for name, (decision, _) in decisions(plan_of(server)).items()
                                                     if decision == "delete"} == {"by-head"})
        repository.get_manifest("by-tag").expect(200)
        server.stop()  # writes what is noted
        deleted = {name for name, (decision, _) in decisions(plan_of(server)).items() if decision == "delete"}
        assert "by-tag" not in deleted and "by-head" in deleted
        server.start()
        Repository(server.client, "ret/app").assert_holds(image, "by-tag")


def test_a_crash_in_the_midst_leaves_whole_batches_and_the_next_plan_does_the_rest(tmp_path):
    config = with_rules({"action": "delete", "tags": "pr-*"}, pace=20)
    with berth_server(config, directory=tmp_path) as server:
        repository = Repository(server.client, "ret/app")
        image = repository.push(content.image(), "v1")
        for start in (0, 75):
            query = "?" + "&".join(f"tag=pr-{number}" for number in range(start, start + 75))
            repository.put_manifest(image.digest, image.data, image.media_type, query).expect(201)
        plan = plan_of(server)
        applying = subprocess.Popen([program(), "retention", "apply", plan["id"], "--config", str(server.config_path)],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for("the first batch", lambda: len(repository.tag_names()) < 151)
        time.sleep(1.5)  # the job's row is written each second
        server.kill()
        applying.communicate(timeout=60)
        server.start()
        repository = Repository(server.client, "ret/app")
        assert json.loads(berth(server, "job", "show", "retention", "--json").stdout)["state"] == "interrupted"
        assert len(repository.tag_names()) in (151 - 64, 151 - 128)
        assert "has changed" in berth(server, "retention", "apply", plan["id"], code=1).stderr
        berth(server, "retention", "apply", plan_of(server)["id"])
        assert repository.tag_names() == ["v1"]
        repository.assert_holds(image, "v1")
