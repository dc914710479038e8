"""Repositories as a whole, as an administrator handles them: deleted and brought back, renamed under load; and a registry that
takes no changes for a while."""

import json
import threading
import time

from harness import content
from harness.clients import run
from harness.http import Http
from harness.repository import Repository
from harness.server import berth_server, program
from harness.waiting import wait_for

CONFIG = {"storage": {"delete": {"enabled": True}}, "gc": {"interval": "50ms", "grace": "0s", "promise": "1s"}}


def berth_of(server):
    def ask(*arguments, check=True):
        return run(program(), *arguments, "--config", server.config_path, check=check)

    return ask


def images(repository: Repository, count=3):
    pushed = [content.image([content.layer(size=3000)]) for _ in range(count)]
    for number, image in enumerate(pushed):
        repository.push(image, f"v{number}", "latest")
    return pushed


def test_a_deleted_repository_comes_back(tmp_path, skopeo):
    with berth_server(CONFIG, directory=tmp_path / "server") as server:
        berth = berth_of(server)
        old, other = Repository(server.client, "team/old"), Repository(server.client, "team/other")
        pushed = images(old)
        other.push(pushed[0], "same")
        assert "3 manifests, 4 tags" in berth("repository", "delete", "team/old").stdout
        old.tags().expect_error(404, "NAME_UNKNOWN")
        old.get_manifest(pushed[0].digest).expect(404)
        old.get_blob(pushed[1].blobs[0].digest).expect(404)
        other.assert_holds(pushed[0], "same")
        assert server.client.get("/v2/_catalog").json["repositories"] == ["team/other"]
        assert berth("repository", "delete", "team/old", check=False).returncode == 1
        time.sleep(1.5)  # the collector has been there, and the promises are over
        server.kill()
        server.start()
        assert "3 manifests, 4 tags" in berth("undo", "team/old").stdout
        for number, image in enumerate(pushed):
            old.assert_holds(image, f"v{number}")
        skopeo.copy(f"docker://{server.address}/team/old:latest", f"dir:{tmp_path}/back")
        assert "v1" in skopeo.tags(f"docker://{server.address}/team/old")


def test_a_deleted_repository_frees_its_bytes(tmp_path):
    with berth_server({**CONFIG, "trash": {"keep": "0s"}}, directory=tmp_path) as server:
        repository = Repository(server.client, "team/old")
        images(repository)
        assert "brings it back" not in berth_of(server)("repository", "delete", "team/old").stdout
        blobs = server.root / "docker" / "registry" / "v2" / "blobs"
        wait_for("every blob to go", lambda: not list(blobs.rglob("data")))
        assert "nothing of team/old is in the trash" in berth_of(server)("undo", "team/old", check=False).stderr


def test_a_repository_is_renamed_under_load(tmp_path, skopeo):
    """Whoever pulls by the old name or pushes to it meanwhile and afterwards notices nothing."""
    with berth_server(CONFIG, directory=tmp_path / "server") as server:
        berth = berth_of(server)
        names = [f"team/name{number}" for number in range(8)]
        pushed = images(Repository(server.client, names[0]))
        stop, failures, counts = threading.Event(), [], []

        def pull(digest):
            client, count = server.http(), 0
            while not stop.is_set():
                answer = client.get(f"/v2/{names[0]}/manifests/{digest}")
                count += 1
                if answer.status != 200:
                    failures.append(answer)
            counts.append(count)

        acknowledged = []

        def push():
            # As docker does, and always by the first name. What is refused is no matter of this test; what is not is there.
            repository, number = Repository(server.http(), names[0]), 0
            while not stop.is_set():
                image = content.image([content.layer(size=2000)], annotations={"number": str(number)})
                try:
                    repository.push(image, f"pushed{number}")
                    answer = repository.get_manifest(f"pushed{number}")
                    if answer.status != 200 or answer.body != image.data:
                        failures.append(answer)
                    acknowledged.append((f"pushed{number}", image))
                except AssertionError as refusal:
                    failures.append(refusal)
                number += 1

        readers = [threading.Thread(target=pull, args=(reference,)) for reference in ("latest", "v1", pushed[2].digest)]
        readers += [threading.Thread(target=push)]
        for reader in readers:
            reader.start()
        for before, after in zip(names, names[1:]):
            assert f"{before} is {after} now" in berth("repository", "rename", before, after).stdout
            time.sleep(0.1)
        stop.set()
        for reader in readers:
            reader.join()
        assert not failures, failures[:3]
        assert min(counts) > 50 and len(acknowledged) > 3
        for tag, image in acknowledged:
            Repository(server.client, names[-1]).assert_holds(image, tag)

        first, last = Repository(server.client, names[0]), Repository(server.client, names[-1])
        assert server.client.get("/v2/_catalog").json["repositories"] == [names[-1]]
        answer = first.tags().expect(200)
        assert answer.json["name"] == names[0] and "v1" in answer.json["tags"], "he is told the name he asked by"
        # A whole push to the old name, and a mount from it.
        late = content.image([content.layer(size=70_000)])
        first.push(late, "late")
        last.assert_holds(late, "late")
        mounted = server.client.post(f"/v2/team/else/blobs/uploads/?mount={late.blobs[0].digest}&from={names[0]}")
        assert mounted.expect(201)["Location"].endswith(f"/v2/team/else/blobs/{late.blobs[0].digest}")
        skopeo.copy(f"docker://{server.address}/{names[3]}:late", f"docker://{server.address}/{names[2]}:later")
        assert "later" in last.tag_names()

        server.kill()
        server.start()
        Repository(server.client, names[1]).assert_holds(late, "later")
        listed = json.loads(berth("repository", "aliases", "--json").stdout)
        assert [each["alias"] for each in listed] == names[:-1]
        berth("repository", "unalias", names[0])
        first.tags().expect_error(404, "NAME_UNKNOWN")
        taken = berth("repository", "rename", names[-1], names[-1], check=False)
        assert taken.returncode == 1 and "its name already" in taken.stderr


def test_an_alias_ends(tmp_path):
    with berth_server(CONFIG, directory=tmp_path) as server:
        images(Repository(server.client, "team/a"))
        berth_of(server)("repository", "rename", "team/a", "team/b", "--alias", "2s")
        old = Repository(server.client, "team/a")
        old.get_manifest("v1").expect(200)
        wait_for("the alias to end", lambda: old.get_manifest("v1").status == 404)
        image = content.image()
        old.push(image, "v1")
        old.assert_holds(image, "v1")
        assert Repository(server.client, "team/b").get_manifest("v1").expect(200).body != image.data


def test_read_only_for_a_while(tmp_path):
    with berth_server({**CONFIG, "trash": {"keep": "0s"}}, directory=tmp_path) as server:
        berth = berth_of(server)
        repository = Repository(server.client, "team/app")
        pushed = images(repository)
        assert berth("read-only", "status").stdout == "writable\n"

        # A write that has begun is waited for.
        slow = Http("127.0.0.1", server.port)
        location = repository.start_upload()["Location"]
        data = b"x" * 1000
        released = threading.Event()

        def body():
            yield data[:500]
            released.wait(30)
            yield data[500:]

        answers = []
        writer = threading.Thread(target=lambda: answers.append(slow.patch(location, body())))
        writer.start()
        wait_for("the write to be under way",
                 lambda: json.loads(berth("read-only", "on", "--wait", "0s", "--json", check=False).stdout)["writes_under_way"] == 1)
        waiting = berth("read-only", "on", "--wait", "0s", check=False)
        assert waiting.returncode == 1 and "1 writes that began before are under way" in waiting.stdout
        released.set()
        writer.join()
        assert answers[0].status == 202
        assert berth("read-only", "on").stdout == "read-only\n"

        refused = repository.delete_manifest(pushed[0].digest).expect_error(405, "UNSUPPORTED")
        assert "an administrator" in refused.json["errors"][0]["message"]
        repository.put_manifest("v9", pushed[0].data, pushed[0].media_type).expect_error(405, "UNSUPPORTED")
        assert server.client.post(repository.path("blobs/uploads/")).status == 405
        for command in (["undo", "team/app:v1"], ["repository", "delete", "team/app"], ["repository", "rename", "team/app", "team/b"]):
            said = berth(*command, check=False)
            assert said.returncode == 1 and "read-only" in said.stderr, (command, said)
        for command in (["garbage-collect"], ["check", "--repair"]):
            said = run(program(), *command, server.config_path, check=False)
            assert said.returncode == 1 and "read-only" in said.stderr, (command, said)
        repository.assert_holds(pushed[0], "v0")

        server.kill()
        server.start()
        assert berth("read-only", "status").stdout == "read-only\n"
        repository.delete_manifest(pushed[0].digest).expect(405)
        assert berth("read-only", "off").stdout == "writable\n"
        repository.delete_manifest(pushed[0].digest).expect(202)
        blobs = server.root / "docker" / "registry" / "v2" / "blobs"
        gone = pushed[0].blobs[-1].digest.split(":")[1]
        wait_for("the collector to go on", lambda: not list(blobs.rglob(f"{gone}/data")))


def test_a_registry_that_is_configured_so_stays_read_only(tmp_path):
    config = {"storage": {"maintenance": {"readonly": {"enabled": True}}}}
    with berth_server(config, directory=tmp_path) as server:
        berth = berth_of(server)
        assert "storage.maintenance.readonly.enabled" in berth("read-only", "status").stdout
        off = berth("read-only", "off", check=False)
        assert off.returncode == 1 and "change the configuration" in off.stderr
