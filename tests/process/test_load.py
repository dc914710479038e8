"""Many at a time: the same content from all sides, bounded memory, a crowd of idle connections."""

import hashlib
import pathlib
import threading

from harness import content
from harness.content import digest_of, random_bytes
from harness.repository import Repository, with_query
from harness.server import berth_server


def in_parallel(works):
    """Runs every callable on a thread of its own; the first exception is raised here."""
    problems = []

    def guarded(work):
        try:
            work()
        except BaseException as problem:  # shown by the test below
            problems.append(problem)

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a request hangs"
    if problems:
        raise problems[0]


def peak_memory(server) -> int:
    """Bytes: the highest resident size so far."""
    lines = pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def test_one_image_pushed_by_many(berth):
    """What a build farm does: the same base image, to one repository and to several, at once."""
    image = content.image([content.layer(size=400_000), content.layer(size=1_000)])

    def push(number):
        client = berth.http()
        Repository(client, f"farm/r{number % 3}").push(image, f"t{number}")
        client.close()

    in_parallel([lambda number=number: push(number) for number in range(12)])
    for number in range(12):
        Repository(berth.client, f"farm/r{number % 3}").assert_holds(image, f"t{number}")


def test_one_tag_moved_by_many(berth):
    images = [content.image() for _ in range(8)]

    def push(image):
        client = berth.http()
        for _ in range(3):
            Repository(client, "farm/tag").push(image, "latest")
        client.close()

    in_parallel([lambda image=image: push(image) for image in images])
    repository = Repository(berth.client, "farm/tag")
    digest = repository.head_manifest("latest").expect(200)["Docker-Content-Digest"]
    assert digest in {image.digest for image in images}
    for image in images:
        repository.assert_holds(image)


def test_pushes_beside_deletes(berth):
    """The same manifest pushed and deleted over and over: each answer is one of the expected, and the end is whole."""
    image = content.image()
    repository = Repository(berth.client, "farm/delete")
    repository.push_parts(image)

    def push():
        client = berth.http()
        for _ in range(20):
            Repository(client, repository.name).put_manifest("v1", image.data, image.media_type).expect(201)
        client.close()

    def delete():
        client = berth.http()
        for _ in range(20):
            Repository(client, repository.name).delete_manifest(image.digest).expect(202, 404)
        client.close()

    in_parallel([push, push, delete])
    repository.push(image, "v1")
    repository.assert_holds(image, "v1")


def test_memory_does_not_follow_the_size_of_uploads(tmp_path):
    size, block = 96_000_000, random_bytes(1_000_000)
    digest = "sha256:" + hashlib.sha256(block * (size // len(block))).hexdigest()
    with berth_server(directory=tmp_path) as server:
        before = peak_memory(server)

        def push(number):
            client = server.http(timeout=120)
            repository = Repository(client, f"big/r{number}")
            location = repository.start_upload()["Location"]
            location = client.patch(location, (block for _ in range(size // len(block)))).expect(202)["Location"]
            client.put(with_query(location, f"digest={digest}")).expect(201)
            client.close()

        in_parallel([lambda number=number: push(number) for number in range(4)])
        grown = peak_memory(server) - before
        # limits.bodymemory is 64 MiB for all bodies together; sanitizers multiply what they watch.
        assert grown < 300_000_000, f"{grown} bytes more for 4 uploads of {size}"
        answer = Repository(server.client, "big/r0").get_blob(digest, range=f"bytes={size - 10}-").expect(206)
        assert answer.body == block[-10:]


def test_a_crowd_of_idle_connections(berth):
    crowd = [berth.http().connect() for _ in range(300)]
    try:
        Repository(berth.client, "crowd/image").push(content.image(), "v1")
    finally:
        for each in crowd:
            each.close()


def test_clients_that_vanish(berth):
    """Half a request and gone, in every phase; the server neither leaks nor falters."""
    repository = Repository(berth.client, "crowd/vanish")
    data = random_bytes(2_000_000)
    digest = repository.push_blob(data)
    path = repository.path("blobs/" + digest)
    for request in (b"", b"GET", b"GET /v2/ HTTP/1.1\r\nHost: x", f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
                    f"PUT {repository.path('manifests/v1')} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf".encode(),
                    f"POST {repository.path('blobs/uploads/')}?digest={digest_of(b'x' * 100)} HTTP/1.1\r\nHost: x\r\n"
                    "Content-Length: 100\r\n\r\nhalf".encode()):
        for _ in range(10):
            with berth.http().connect() as connection:
                connection.sendall(request)
    assert repository.get_blob(digest).expect(200).body == data


def test_very_many_requests_on_one_connection(berth):
    client = berth.http()
    repository = Repository(client, "crowd/many")
    image = repository.push(content.image(), "v1")
    for _ in range(1500):
        assert repository.head_manifest("v1").expect(200)["Docker-Content-Digest"] == image.digest
    client.close()


def test_the_write_ahead_log_stays_below_its_size(tmp_path):
    """metadata.sqlite.walsize, under pushes that never pause and readers that hold snapshots."""
    limit = 1 << 20
    with berth_server({"metadata": {"sqlite": {"walsize": "1MiB"}}}, directory=tmp_path) as server:
        log = server.root / "berth" / "metadata.db-wal"
        largest = 0

        def push(number):
            nonlocal largest
            client = server.http()
            repository = Repository(client, f"wal/r{number}")
            for _ in range(40):
                # 30 KB of manifest each: together several times the limit.
                repository.push(content.image([], annotations={"filler": random_bytes(15_000).hex()}), "v1")
                assert len(repository.tag_names()) == 1
                largest = max(largest, log.stat().st_size)
            client.close()

        in_parallel([lambda number=number: push(number) for number in range(4)])
        assert 0 < largest <= limit + (limit // 2), f"the log grew to {largest} bytes"
