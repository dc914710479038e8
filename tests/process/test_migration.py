"""A volume of CNCF Distribution is taken over as it is, handed back, and taken over again. The other registry is Debian's
docker-registry 2.8. BERTH_MIGRATION=full fills it with a thousand images and ten thousand tags (minutes); otherwise a tenth."""

import json
import os
import pathlib
import random
import subprocess
import time

import pytest

from harness import content
from harness.http import Http
from harness.repository import Repository
from harness.server import DISTRIBUTION, Server, berth_server, program
from harness.waiting import wait_for

IMAGES, TAGS = (1000, 10_000) if os.environ.get("BERTH_MIGRATION") == "full" else (100, 600)
REPOSITORIES = 10
DELETES = {"storage": {"delete": {"enabled": True}}}
# Whatever nothing uses goes at once.
EAGER = {"storage": {"delete": {"enabled": True}},
         "gc": {"enabled": False, "grace": "0s", "promise": "1s"}, "trash": {"keep": "0s"}}


def said(*arguments, code=0):
    result = subprocess.run([str(each) for each in arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    assert result.returncode == code, f"{arguments} ended with {result.returncode}\n{result.stdout}{result.stderr}"
    return result


def berth(*arguments, code=0):
    return said(program(), *arguments, code=code)


class World:
    """What the registry has to hold, whoever serves it."""

    def __init__(self):
        self.tags = {}       # (repository, tag) -> Manifest
        self.manifests = {}  # (repository, digest) -> Manifest
        self.lost = set()    # (repository, digest) that faults were planted in

    def add(self, repository, manifest, *tags):
        self.manifests[repository, manifest.digest] = manifest
        for child in manifest.children:
            self.add(repository, child)
        for tag in tags:
            self.tags[repository, tag] = manifest

    def delete(self, repository, manifest):
        del self.manifests[repository, manifest.digest]
        for key in [key for key, named in self.tags.items() if key[0] == repository and named.digest == manifest.digest]:
            del self.tags[key]

    def check(self, client, deep=1.0, seed=1):
        """Every tag names what it should, no tag is too many, and what was not planted with a fault is whole."""
        choice = random.Random(seed)
        by_repository = {}
        for (repository, tag), manifest in self.tags.items():
            by_repository.setdefault(repository, {})[tag] = manifest
        for name, tags in by_repository.items():
            repository = Repository(client, name)
            # The tag of the manifest that is gone stays in the tree, for whoever has its bytes.
            assert set(all_tags(client, name)) - {"gone"} == set(tags), name
            for tag, manifest in tags.items():
                answer = repository.head_manifest(tag, accept=content.ANY)
                if (name, manifest.digest) in self.lost:
                    continue
                answer.expect(200)
                assert answer["Docker-Content-Digest"] == manifest.digest, f"{name}:{tag}"
        for (name, digest), manifest in self.manifests.items():
            if (name, digest) in self.lost or choice.random() > deep:
                continue
            Repository(client, name).assert_holds(manifest)


def all_tags(client, name):
    tags = client.get(f"/v2/{name}/tags/list").expect(200).json["tags"] or []
    return tags


def distribution(root, directory, **options):
    return berth_server(DELETES, directory=directory, root=root, executable=DISTRIBUTION, **options)


def links(root: pathlib.Path) -> dict:
    tree = root / "docker" / "registry" / "v2" / "repositories"
    return {str(path.relative_to(tree)): path.read_text() for path in tree.rglob("link")}


def inodes(root: pathlib.Path) -> dict:
    blobs = root / "docker" / "registry" / "v2" / "blobs"
    return {path.parent.name: path.stat().st_ino for path in blobs.rglob("data")}


def blob_file(root, digest) -> pathlib.Path:
    algorithm, text = digest.split(":")
    return root / "docker" / "registry" / "v2" / "blobs" / algorithm / text[:2] / text / "data"


def name_of(number):
    return f"team{number % 3}/app{number}"


def fill(server, world: World, images=IMAGES, tags=TAGS, seed=7):
    """Images of shared layers, indexes, tags that move, manifests that are deleted, uploads that nobody ends."""
    choice = random.Random(seed)
    client = server.http()
    layers = [content.layer(size=2000, seed=number) for number in range(images // 4 + 4)]
    made = {}
    for number in range(images):
        name = name_of(number % REPOSITORIES)
        manifest = content.image(choice.sample(layers, 3), architecture="amd64" if number % 2 else "arm64",
                                 annotations={"number": str(number)})
        Repository(client, name).push(manifest, f"v{number}")
        world.add(name, manifest, f"v{number}")
        made.setdefault(name, []).append(manifest)
    for name, manifests in made.items():
        repository = Repository(client, name)
        pair = content.index(manifests[:2])
        repository.put_manifest("multi", pair.data, pair.media_type).expect(201)
        world.add(name, pair, "multi")
        for number in range((tags - images) // REPOSITORIES):
            tag, manifest = f"t{number % max(1, (tags - images) // REPOSITORIES * 9 // 10)}", choice.choice(manifests[2:])
            repository.put_manifest(tag, manifest.data, manifest.media_type).expect(201)
            world.add(name, manifest, tag)
        for manifest in manifests[-2:]:
            repository.delete_manifest(manifest.digest).expect(202)
            world.delete(name, manifest)
        location = repository.start_upload()["Location"]
        client.patch(location.replace(server.url, ""), b"half of it", content_type="application/octet-stream").expect(202)


def adopted(server):
    """The adoption as the admin socket tells it, once it is over."""
    def complete():
        result = subprocess.run([program(), "import", "--status", "--json", str(server.config_path)], text=True, capture_output=True)
        assert result.returncode in (0, 2), result.stderr
        view = json.loads(result.stdout)
        return None if view["pending"] else view
    return wait_for("the adoption", complete, 120)


@pytest.mark.skipif(not os.path.exists(DISTRIBUTION), reason="no docker-registry")
def test_a_volume_is_adopted_handed_back_and_adopted_again(tmp_path, skopeo):
    root = tmp_path / "root"
    world = World()
    with distribution(root, tmp_path / "old") as old:
        fill(old, world)
        world.check(old.http(), deep=0.2)
    # Faults: a layer with other bytes of the same size, a truncated one, a manifest that is gone, an empty link.
    name = name_of(1)
    victims = [manifest for (repository, _), manifest in world.manifests.items() if repository == name and manifest.blobs]
    unique = [content.layer(size=3000, seed=9000 + number) for number in range(3)]
    with distribution(root, tmp_path / "old") as old:
        broken = [content.image([layer], annotations={"broken": str(number)}) for number, layer in enumerate(unique)]
        for number, manifest in enumerate(broken):
            Repository(old.http(), name).push(manifest, f"broken{number}")
            world.add(name, manifest, f"broken{number}")
        gone = content.image([victims[0].blobs[1]], annotations={"gone": "yes"})
        Repository(old.http(), name).push(gone, "gone")
    flipped = bytearray(blob_file(root, unique[0].digest).read_bytes())
    flipped[100] ^= 1
    blob_file(root, unique[0].digest).write_bytes(bytes(flipped))
    os.truncate(blob_file(root, unique[1].digest), 10)
    blob_file(root, unique[2].digest).unlink()
    blob_file(root, gone.digest).unlink()
    world.lost |= {(name, manifest.digest) for manifest in broken}
    before, files = links(root), inodes(root)

    # What it would find, without touching anything.
    config = tmp_path / "survey.yml"
    config.write_text(json.dumps({"version": "0.1", "storage": {"filesystem": {"rootdirectory": str(root)}}}))
    survey = berth("import", "--dry-run", "--verify", config, code=1).stdout
    for digest, kind in ((unique[0].digest, "damaged blob"), (unique[1].digest, "damaged blob"), (unique[2].digest, "missing blob"),
                         (gone.digest, "missing manifest")):
        assert any(line.startswith(kind) and digest in line for line in survey.splitlines()), survey
    assert "unfinished upload" in survey and "nothing was changed" in survey
    assert f"{len({key[0] for key in world.tags})} repositories" in survey
    assert not (root / "berth").exists(), "a dry run makes nothing"
    assert links(root) == before

    with berth_server(EAGER, directory=tmp_path / "berth", root=root) as server:
        view = adopted(server)
        assert view["repositories"] == REPOSITORIES
        assert view["problems_holding"] == 3, view["problems"]
        named = {(problem["kind"], problem["item"]) for problem in view["problems"]}
        assert {("damaged blob", unique[1].digest), ("missing blob", unique[2].digest), ("missing manifest", gone.digest)} <= named
        world.check(server.http())
        assert {digest: inode for digest, inode in inodes(root).items() if digest in files} == files, "blobs stay where they are"
        Repository(server.http(), name).get_blob(unique[1].digest).expect(404)
        skopeo.copy(f"docker://{server.address}/{name_of(2)}:multi", f"dir:{tmp_path / 'pulled'}", "--all")
        # Nothing goes before somebody has said that the losses are taken.
        refused = berth("garbage-collect", server.config_path, code=1)
        assert "--accept-losses" in refused.stderr
        berth("import", "--accept-losses", server.config_path)
        # From here on it is a Berth like any other.
        pushed = content.image(seed=1234)
        Repository(server.http(), "team0/new").push(pushed, "v1", "v2")
        world.add("team0/new", pushed, "v1", "v2")
        victim = next(manifest for (repository, _), manifest in world.manifests.items()
                      if repository == name_of(2) and manifest.blobs and (repository, manifest.digest) not in world.lost
                      and not any(child.digest == manifest.digest for index in world.manifests.values() for child in index.children))
        Repository(server.http(), name_of(2)).delete_manifest(victim.digest).expect(202)
        world.delete(name_of(2), victim)
        berth("garbage-collect", server.config_path)
        world.check(server.http())
        # The bytes with a bit of difference are found, and a push of them heals.
        berth("check", server.config_path, code=1)
        Repository(server.http(), name).push_blob(unique[0].data)
        berth("export", "--layout", "distribution", server.config_path)
        assert "the tree is what the metadata says" in berth("export", "--layout", "distribution", "--verify", server.config_path).stdout

    with distribution(root, tmp_path / "old") as old:
        world.check(old.http(), deep=0.3)
        client = old.http()
        # Pushed, moved and deleted by the other one.
        late = content.image(seed=4321)
        Repository(client, "late/comer").push(late, "v1")
        world.add("late/comer", late, "v1")
        other = next(manifest for (repository, _), manifest in world.manifests.items() if repository == name_of(3) and manifest.blobs)
        Repository(client, name_of(3)).put_manifest("multi", other.data, other.media_type).expect(201)
        world.add(name_of(3), other, "multi")
        deleted = pushed
        Repository(client, "team0/new").delete_manifest(deleted.digest).expect(202)
        world.delete("team0/new", deleted)
    said(DISTRIBUTION, "garbage-collect", old.config_path)

    with berth_server(EAGER, directory=tmp_path / "berth", root=root) as server:
        adopted(server)
        world.check(server.http())
        Repository(server.http(), "team0/new").get_manifest("v1", accept=content.ANY).expect(404)
        berth("garbage-collect", server.config_path)
        world.check(server.http())
        again = content.image(seed=999)
        Repository(server.http(), "late/comer").push(again, "v2")
        world.add("late/comer", again, "v2")

    # Links are kept behind every change on an adopted volume: the other one needs no export.
    with distribution(root, tmp_path / "old") as old:
        world.check(old.http(), deep=0.3)


@pytest.mark.skipif(not os.path.exists(DISTRIBUTION), reason="no docker-registry")
def test_a_volume_that_was_never_distributions_is_exported_beside_pushes(tmp_path):
    world = World()
    with berth_server(DELETES, directory=tmp_path / "berth") as server:
        for number in range(10):
            image = content.image(seed=number)
            Repository(server.client, f"a/r{number % 3}").push(image, f"v{number}")
            world.add(f"a/r{number % 3}", image, f"v{number}")
        assert "differs" in berth("export", "--layout", "distribution", "--verify", server.config_path, code=1).stdout
        berth("export", "--layout", "distribution", server.config_path)
        # What comes afterwards is written behind it until this Berth ends.
        late = content.image(seed=99)
        Repository(server.client, "a/late").push(late, "v1")
        world.add("a/late", late, "v1")
        gone = world.tags["a/r0", "v0"]
        Repository(server.client, "a/r0").delete_manifest(gone.digest).expect(202)
        world.delete("a/r0", gone)
        root = server.root
    with distribution(root, tmp_path / "old") as old:
        world.check(old.http())


def test_adoption_killed_again_and_again_ends_as_one_that_nobody_disturbed(tmp_path):
    script = pathlib.Path(__file__).resolve().parents[1] / "bench" / "adoption.py"
    said("python3", script, "--program", program(), "--manifests", 3000, "--repositories", 30, "--kills", 6, "--directory", tmp_path)


@pytest.mark.skipif(not os.path.exists(DISTRIBUTION), reason="no docker-registry")
def test_requests_wait_for_the_repository_they_are_about(tmp_path):
    """And pushes go on while the volume is adopted."""
    root = tmp_path / "root"
    world = World()
    with distribution(root, tmp_path / "old") as old:
        fill(old, world, images=60, tags=120)
    with berth_server(DELETES, directory=tmp_path / "berth", root=root) as server:
        # At once, before the adoption can have come to its end.
        for (name, tag), manifest in list(world.tags.items())[::7]:
            Repository(server.client, name).get_manifest(tag, accept=content.ANY).expect(200)
        pushed = content.image(seed=5)
        Repository(server.client, name_of(0)).push(pushed, "v0", "fresh")
        world.add(name_of(0), pushed, "v0", "fresh")
        adopted(server)
        world.check(server.http())
