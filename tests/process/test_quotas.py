"""Quotas as users meet them: clients that push beyond them, what they are told, room that comes back; `berth usage`."""

import concurrent.futures
import json
import shutil
import socket
import subprocess
import time

import pytest

from harness import content
from harness.clients import Docker, need, run
from harness.ports import free_port
from harness.repository import Repository
from harness.server import berth_server, program
from harness.waiting import wait_for

MIB = 1024 * 1024
BY_HAND = {"storage": {"delete": {"enabled": True}}, "gc": {"enabled": False, "promise": "1s"}}


def quotas(*rules, **more):
    return {**BY_HAND, **more, "quotas": list(rules)}


def usage(server, *arguments):
    result = run(program(), "usage", *arguments, "--json", "--config", server.config_path)
    return json.loads(result.stdout)


def of(report, repository):
    return next(entry for entry in report["repositories"] if entry["repository"] == repository)


def size_of(image):
    return len(image.data) + sum(len(blob.data) for blob in image.blobs)


def push_parts(server, name, image):
    repository = Repository(server.client, name)
    repository.push_parts(image)
    return repository


class TestWithClients:
    def test_skopeo_says_what_is_left_and_a_delete_makes_room(self, tmp_path, skopeo):
        small, big = content.image(), content.image([content.layer(size=MIB)])
        with berth_server(directory=tmp_path / "source") as source:
            Repository(source.client, "from/small").push(small, "v1")
            Repository(source.client, "from/big").push(big, "v1")
            with berth_server(quotas({"repositories": "team/**", "bytes": size_of(big) + 100}), directory=tmp_path / "held") as held:
                target = f"docker://{held.address}/team"
                skopeo.copy(f"docker://{source.address}/from/small:v1", f"{target}/app:v1")
                refused = run("skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false",
                              f"docker://{source.address}/from/big:v1", f"{target}/app:v2", check=False)
                assert refused.returncode != 0
                assert "quota of team/** exceeded" in refused.stderr and "left" in refused.stderr, refused.stderr
                repository = Repository(held.client, "team/app")
                assert repository.tag_names() == ["v1"]
                # Where the rule does not reach, it goes.
                skopeo.copy(f"docker://{source.address}/from/big:v1", f"docker://{held.address}/elsewhere:v2")
                repository.delete_manifest(small.digest).expect(202)
                skopeo.copy(f"docker://{source.address}/from/big:v1", f"{target}/app:v2")
                repository.assert_holds(big, "v2")
                assert of(usage(held), "team/app")["bytes"] == size_of(big)

    def test_docker_prints_it_and_does_not_try_again(self, tmp_path):
        need("/bin/busybox")
        docker = Docker(tmp_path / "engine")
        try:
            context = tmp_path / "context"
            context.mkdir()
            shutil.copy("/bin/busybox", context / "busybox")
            (context / "Dockerfile").write_text("FROM scratch\nCOPY busybox /bin/busybox\n")
            docker("build", "-q", "-t", "big:v1", context)
            with berth_server(quotas({"repositories": "team/**", "bytes": "100KiB"}), directory=tmp_path / "berth") as server:
                target = f"{server.address}/team/app:v1"
                docker("tag", "big:v1", target)
                began = time.monotonic()
                with pytest.raises(AssertionError, match=r"denied: quota of team/\*\* exceeded: .* more needed, 100.0 KiB of 100.0 KiB left"):
                    docker("push", target)
                assert time.monotonic() - began < 30
        finally:
            docker.close()


class TestOverHttp:
    def test_the_answer_says_it_for_programs(self, tmp_path):
        with berth_server(quotas({"repositories": "team/**", "tags": 1}), directory=tmp_path) as server:
            image = content.image()
            repository = push_parts(server, "team/app", image)
            repository.put_manifest("v1", image.data, image.media_type).expect(201)
            refused = repository.put_manifest("v2", image.data, image.media_type).expect(403)
            assert refused.json["errors"] == [{
                "code": "DENIED",
                "message": "quota of team/** exceeded: 1 tag more needed, 0 of 1 left",
                "detail": {"rule": "team/**", "resource": "tags", "limit": 1, "used": 1, "needed": 1, "left": 0}}]
            repository.put_manifest("v1", image.data, image.media_type).expect(201)
            other = content.image()
            repository.push_parts(other)
            repository.put_manifest("v1", other.data, other.media_type).expect(201)  # a tag that moves is no more
            repository.delete_manifest("v1").expect(202)
            repository.put_manifest("v2", image.data, image.media_type).expect(201)

    def test_an_upload_that_cannot_fit_is_refused_before_its_bytes(self, tmp_path):
        with berth_server(quotas({"repositories": "team/**", "pendingbytes": "1MiB"}), directory=tmp_path) as server:
            repository = Repository(server.client, "team/app")
            location = repository.start_upload()["Location"]
            # Announced and never sent: an answer can only be from before the bytes.
            head = (f"PATCH {location.split(server.address)[1]} HTTP/1.1\r\nHost: {server.address}\r\n"
                    f"Content-Type: application/octet-stream\r\nContent-Length: {2 * MIB}\r\n\r\n")
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
                connection.sendall(head.encode())
                assert b"403" in connection.recv(4096).split(b"\r\n")[0]
            data = content.random_bytes(MIB)
            assert repository.push_blob(data)
            over = content.random_bytes(1)
            refused = server.client.post(repository.path(f"blobs/uploads/?digest={content.digest_of(over)}"), over,
                                         content_type="application/octet-stream").expect(403)
            assert "no manifest names yet" in refused.json["errors"][0]["message"]
            server.client.post(repository.path("blobs/uploads/"), b"").expect(403)
            elsewhere = Repository(server.client, "elsewhere")
            digest = elsewhere.push_blob(over)
            server.client.post(repository.path(f"blobs/uploads/?mount={digest}&from=elsewhere"), b"").expect(403)

    def test_what_nobody_named_makes_room_when_it_is_collected(self, tmp_path):
        with berth_server(quotas({"repositories": "team/**", "pendingbytes": 1000}), directory=tmp_path) as server:
            repository = Repository(server.client, "team/app")
            repository.push_blob(content.random_bytes(1000))
            server.client.post(repository.path("blobs/uploads/"), b"").expect(403)
            time.sleep(1.1)
            assert of(usage(server), "team/app")["reclaimable_bytes"] == 1000
            run(program(), "garbage-collect", "-q", server.config_path)
            repository.push_blob(content.random_bytes(1000))

    def test_pushes_side_by_side_fill_it_exactly(self, tmp_path):
        images = [content.image(seed=100 + i) for i in range(24)]
        assert len({size_of(image) for image in images}) < 20
        largest = max(size_of(image) for image in images)
        limit = 10 * largest
        with berth_server(quotas({"repositories": "team/**", "bytes": limit}), directory=tmp_path) as server:
            for number, image in enumerate(images):
                push_parts(server, f"team/app{number % 3}", image)

            def put(number):
                repository = Repository(server.http(), f"team/app{number % 3}")
                return repository.put_manifest(f"v{number}", images[number].data, images[number].media_type).status

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                statuses = list(pool.map(put, range(len(images))))
            assert set(statuses) == {201, 403}
            let_in = [image for image, status in zip(images, statuses) if status == 201]
            used = sum(size_of(image) for image in let_in)
            assert used <= limit < used + largest
            (quota,) = usage(server)["quotas"]
            assert quota["bytes"] == {"used": used, "limit": limit, "left": limit - used}
            assert quota["manifests"]["used"] == quota["tags"]["used"] == len(let_in)


class TestUsage:
    def test_figures_beside_a_server_and_alone(self, tmp_path):
        shared = content.layer(size=5000)
        one, two = content.image([shared, content.layer(size=700)]), content.image([shared])
        with berth_server(quotas({"repositories": "team/*", "per": "repository", "bytes": "1GiB", "manifests": 5}), directory=tmp_path) as server:
            Repository(server.client, "team/one").push(one, "v1", "v2")
            Repository(server.client, "team/two").push(two, "v1")
            Repository(server.client, "other").push(content.image(), "v1")
            figures = usage(server, "team/*")
            assert [entry["repository"] for entry in figures["repositories"]] == ["team/one", "team/two"]
            first = of(figures, "team/one")
            assert first["bytes"] == size_of(one) and first["pending_bytes"] == 0
            assert first["shared_bytes"] == len(shared.data)
            assert first["unique_bytes"] == size_of(one) - len(one.data) - len(shared.data)
            assert (first["manifests"], first["tags"]) == (1, 2)
            assert [(quota["repository"], quota["bytes"]["used"]) for quota in figures["quotas"]] == [("team/one", size_of(one)), ("team/two", size_of(two))]
            table = run(program(), "usage", "--config", server.config_path).stdout
            assert "team/one" in table and "other" in table and "RECLAIMABLE" in table and "1.0 GiB" in table
            assert "are stored" in table
            server.stop()
            assert usage(server, "team/*") == figures
            assert run(program(), "usage", "team/**/", "--config", server.config_path, check=False).returncode == 1

    def test_rules_that_change_are_counted_at_the_next_start(self, tmp_path):
        image = content.image()
        with berth_server(BY_HAND, directory=tmp_path) as server:
            Repository(server.client, "team/app").push(image, "v1")
            server.stop()
            server._extra = quotas({"repositories": "team/**", "manifests": 1})
            server.start()
            assert "counted what new quotas are charged" in server.log
            (quota,) = usage(server)["quotas"]
            assert quota["bytes"]["used"] == size_of(image) and quota["manifests"] == {"used": 1, "limit": 1, "left": 0}
            other = content.image()
            push_parts(server, "team/app", other).put_manifest("v2", other.data, other.media_type).expect(403)
            server.stop()
            counts = server.log.count("counted what new quotas are charged")
            server._extra = quotas({"repositories": "team/**", "manifests": 2})
            server.start()
            assert server.log.count("counted what new quotas are charged") == counts, "a limit alone changes nothing that is kept"
            Repository(server.client, "team/app").push(other, "v2")

    def test_metrics(self, tmp_path):
        debug = free_port()
        extra = {"http": {"debug": {"addr": f"127.0.0.1:{debug}", "prometheus": {"enabled": True}}}}
        with berth_server(quotas({"repositories": "team/**", "bytes": 12345}, **extra), directory=tmp_path) as server:
            def metrics():
                text = run("curl", "-sS", f"http://127.0.0.1:{debug}/metrics").stdout
                return 'berth_quota_limit_bytes{quota="team/**"} 12345' in text and 'berth_quota_used_bytes{quota="team/**"} 0' in text

            wait_for("the gauges", metrics)
            assert server.process.poll() is None

    def test_a_crash_loses_no_figure(self, tmp_path):
        with berth_server(quotas({"repositories": "team/**", "bytes": "1GiB"}), directory=tmp_path) as server:
            images = [content.image() for _ in range(5)]
            for image in images:
                Repository(server.client, "team/app").push(image, "v1")
            server.kill()
            server.start()
            (quota,) = usage(server)["quotas"]
            assert quota["bytes"]["used"] == sum(size_of(image) for image in images) == of(usage(server), "team/app")["bytes"]


@pytest.mark.parametrize("rules, complaint", [
    ([{"bytes": 1}], "needs repositories"),
    ([{"repositories": "team/**"}], "needs a limit"),
    ([{"repositories": "Team/**", "bytes": 1}], "quotas[0].repositories"),
    ([{"repositories": "a", "bytes": "much"}], "is not a byte count"),
    ([{"repositories": "a", "per": "week", "bytes": 1}], "is not one of namespace, repository"),
    ([{"repositories": "a/*", "bytes": 1}, {"repositories": "a/*", "tags": 1}], "another rule is for a/* already"),
    ([{"repositories": "a", "bytes": 1}, {"repositories": "a", "per": "repository", "tags": 1}], "another rule is for a already"),
])
def test_a_rule_that_means_nothing_is_an_error(tmp_path, rules, complaint):
    file = tmp_path / "config.yml"
    file.write_text(json.dumps({"version": "0.1", "storage": {"inmemory": {}}, "quotas": rules}))
    checked = subprocess.run([program(), "config", "check", str(file)], text=True, capture_output=True, timeout=60)
    assert checked.returncode == 1 and complaint in checked.stdout + checked.stderr, checked.stdout + checked.stderr
