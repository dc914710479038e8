"""Starts that succeed and starts that must be refused: busy ports, foreign roots, two on one root."""

import socket

from harness import content
from harness.refusal import one_line, refused_start
from harness.repository import Repository
from harness.server import DISTRIBUTION, Server, berth_server
from harness.waiting import wait_for


def test_a_busy_port_is_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(directory=tmp_path)
        server.port = taken.getsockname()[1]
        code, said = refused_start(server)
        assert code == 1
        line = one_line(said)
        assert str(server.port) in line and "in use" in line


def test_a_second_start_does_not_take_half_the_traffic(berth, tmp_path):
    second = Server(directory=tmp_path)
    second.port = berth.port
    code, said = refused_start(second)
    assert code == 1 and "in use" in one_line(said)


def test_a_second_process_on_one_root_is_refused_and_names_the_first(tmp_path):
    with berth_server(directory=tmp_path / "first", root=tmp_path / "root") as first:
        second = Server(directory=tmp_path / "second", root=tmp_path / "root")
        code, said = refused_start(second)
        assert code == 1
        assert str(first.process.pid) in one_line(said)
        first.client.get("/v2/").expect(200)


def snapshot(root):
    return {str(path.relative_to(root)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
            for path in sorted(root.rglob("*"))}


def test_a_root_of_distribution_is_served_as_it_is(tmp_path):
    """Adopted at the first start; nothing of what lies there changes."""
    root = tmp_path / "root"
    image = content.image(kind="docker")
    peer = Server(directory=tmp_path / "peer", root=root, executable=DISTRIBUTION)
    peer.start()
    Repository(peer.client, "old/image").push(image, "v1")
    peer.kill()
    before = snapshot(root / "docker")
    with berth_server(directory=tmp_path / "server", root=root) as server:
        Repository(server.client, "old/image").assert_holds(image, "v1")
    assert snapshot(root / "docker") == before


def test_an_id_without_its_metadata_is_refused(tmp_path):
    """One side has an id and the other is empty: something is missing, and the line says what and how to go on."""
    root = tmp_path / "root"
    with berth_server(directory=tmp_path / "first", root=root) as server:
        Repository(server.client, "a/b").push(content.image(), "v1")
    for path in (root / "berth").glob("metadata.db*"):
        path.unlink()
    code, said = refused_start(Server(directory=tmp_path / "second", root=root))
    assert code == 1
    line = one_line(said)
    assert "berth/id" in line and "metadata.sqlite.path" in line


def test_metadata_without_its_blobs_is_refused(tmp_path):
    """The volume is not mounted: an empty directory lies where the blobs were, the database elsewhere."""
    root = tmp_path / "root"
    config = {"metadata": {"sqlite": {"path": str(tmp_path / "metadata.db")}}}
    with berth_server(config, directory=tmp_path / "first", root=root) as server:
        Repository(server.client, "a/b").push(content.image(), "v1")
    root.rename(tmp_path / "elsewhere")
    root.mkdir()
    code, said = refused_start(Server(config, directory=tmp_path / "second", root=root))
    assert code == 1
    one_line(said)
    assert not (root / "berth" / "id").exists()


def test_everything_is_there_after_a_restart(tmp_path):
    server = Server(directory=tmp_path)
    server.start()
    images = [Repository(server.client, f"restart/r{number}").push(content.multi_arch(), "v1") for number in range(3)]
    server.stop()
    server.start()
    try:
        for number, image in enumerate(images):
            Repository(server.client, f"restart/r{number}").assert_holds(image, "v1")
        server.stop()
    finally:
        server.kill()


def test_of_several_first_starts_on_one_root_one_wins(tmp_path):
    """A service manager's mistake, or two hands: the lock decides before anything is written."""
    servers = [Server(directory=tmp_path / f"s{number}", root=tmp_path / "root") for number in range(4)]
    try:
        for server in servers:
            server.spawn()
        wait_for("all but one to end", lambda: sum(server.process.poll() is None for server in servers) == 1, 20)
        (winner,) = [server for server in servers if server.process.poll() is None]
        wait_for("the winner to serve", winner.is_listening)
        Repository(winner.client, "race/won").push(content.image(), "v1")
        for server in servers:
            if server is not winner:
                assert server.process.returncode == 1 and "lock" in one_line(server.log)
        winner.stop()
    finally:
        for server in servers:
            server.kill()
