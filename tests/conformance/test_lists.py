"""Tags and the catalog (distribution-spec: Listing Tags; compat 3.5, 3.6)."""

import pytest

from harness import content
from harness.repository import Repository
from harness.server import berth_server

# Bytewise: digits, upper case, underscore, lower case; '-' and '.' before all of them.
TAGS = ["1.0", "1.0-rc", "1.0.1", "10", "2", "A", "Z", "_x", "a", "a-b", "a.b", "aa", "latest", "z"]


def walk(client, path, key):
    """All pages by Link; returns the names, page by page."""
    pages = []
    while True:
        answer = client.get(path).expect(200)
        assert isinstance(answer.json[key], list), "a list, never null"
        pages.append(answer.json[key])
        assert len(pages) < 500, "paging does not end"
        link = answer.get("Link")
        if not link:
            return pages
        assert link.startswith("</") and link.endswith('>; rel="next"'), f"relative and next: {link}"
        path = link[1:link.index(">")]


@pytest.fixture(scope="module")
def tagged(server):
    repo = Repository(server.client, "lists/tagged")
    image = content.image()
    repo.push(image, *reversed(TAGS))
    return repo


class TestTags:
    def test_all_in_bytewise_order(self, tagged):
        answer = tagged.tags().expect(200)
        assert answer["Content-Type"].startswith("application/json")
        assert answer.json == {"name": "lists/tagged", "tags": sorted(TAGS)}
        assert "Link" not in answer

    def test_without_n_all_of_them_however_many(self, repo):
        image = repo.push(content.image())
        names = [f"t{i:05}" for i in range(1500)]
        for at in range(0, len(names), 50):
            query = "?" + "&".join(f"tag={name}" for name in names[at:at + 50])
            repo.put_manifest(image.digest, image.data, image.media_type, query).expect(201)
        answer = repo.tags().expect(200)
        assert answer.json["tags"] == names and "Link" not in answer

    @pytest.mark.parametrize("n", [1, 3, 7, len(TAGS) - 1, len(TAGS), 1000])
    def test_pages(self, tagged, n):
        pages = walk(tagged.client, tagged.path(f"tags/list?n={n}"), "tags")
        assert [tag for page in pages for tag in page] == sorted(TAGS)
        assert all(len(page) == n for page in pages[:-1])
        assert len(pages) == -(-len(TAGS) // n), "a Link only if more follows"

    def test_n_0_is_an_empty_list(self, tagged):
        answer = tagged.tags("?n=0").expect(200)
        assert answer.json["tags"] == [] and "Link" not in answer

    @pytest.mark.parametrize("n", ["-1", "abc", "1.5", "0x10"])
    def test_a_bad_n(self, tagged, n):
        tagged.tags(f"?n={n}").expect_error(400, "PAGINATION_NUMBER_INVALID")

    @pytest.mark.parametrize("n", ["", "99999999999999999999"])
    def test_an_empty_or_endless_n_gives_all(self, tagged, n):
        assert tagged.tags(f"?n={n}").expect(200).json["tags"] == sorted(TAGS)

    @pytest.mark.parametrize("last", ["1.0", "a", "z", "latest", "0", "nonexistent", "zz", "A-not-there"])
    def test_last_is_exclusive_and_need_not_exist(self, tagged, last):
        expected = [tag for tag in sorted(TAGS) if tag > last]
        assert tagged.tags(f"?last={last}").expect(200).json["tags"] == expected
        assert tagged.tags(f"?n=2&last={last}").expect(200).json["tags"] == expected[:2]
        assert tagged.tags(f"?last={last}&n=0").expect(200).json["tags"] == []

    def test_an_unknown_repository(self, client):
        client.get("/v2/never/seen/tags/list").expect_error(404, "NAME_UNKNOWN")

    def test_a_repository_without_tags(self, repo):
        repo.push(content.image())
        assert repo.tags().expect(200).json == {"name": repo.name, "tags": []}

    def test_head(self, tagged):
        get, head = tagged.tags().expect(200), tagged.client.head(tagged.path("tags/list")).expect(200)
        assert head.body == b"" and head["Content-Type"] == get["Content-Type"]

    def test_other_repositories_do_not_show(self, server, repo):
        prefix = Repository(server.client, repo.name + "-more")
        prefix.push(content.image(), "theirs")
        repo.push(content.image(), "ours")
        assert repo.tag_names() == ["ours"]


class TestCatalog:
    NAMES = sorted(["a", "a-b", "a/b", "a.b", "a0", "b/c/d", "z"] + [f"many/r{i:03}" for i in range(130)])

    @pytest.fixture(scope="class")
    def full(self, tmp_path_factory):
        with berth_server({"catalog": {"maxentries": 120}}, directory=tmp_path_factory.mktemp("catalog")) as server:
            image = content.image()
            first = Repository(server.client, self.NAMES[0])
            first.push(image, "v1")
            for name in reversed(self.NAMES[1:]):
                repo = Repository(server.client, name)
                for blob in image.blobs:
                    server.client.post(repo.path(f"blobs/uploads/?mount={blob.digest}&from={first.name}")).expect(201)
                repo.put_manifest("v1", image.data, image.media_type).expect(201)
            yield server

    def test_a_fresh_registry(self, tmp_path):
        with berth_server(directory=tmp_path) as server:
            answer = server.client.get("/v2/_catalog").expect(200)
            assert answer.json == {"repositories": []} and "Link" not in answer

    def test_the_default_is_100(self, full):
        answer = full.client.get("/v2/_catalog").expect(200)
        assert answer["Content-Type"].startswith("application/json")
        assert answer.json["repositories"] == self.NAMES[:100]
        assert "Link" in answer

    @pytest.mark.parametrize("n", [1, 10, 100, 120])
    def test_pages_in_bytewise_order(self, full, n):
        pages = walk(full.client, f"/v2/_catalog?n={n}", "repositories")
        assert [name for page in pages for name in page] == self.NAMES
        assert len(pages) == -(-len(self.NAMES) // n)

    def test_head(self, full):
        assert full.client.head("/v2/_catalog").expect(200).body == b""

    def test_over_the_limit(self, full):
        full.client.get("/v2/_catalog?n=121").expect_error(400, "PAGINATION_NUMBER_INVALID")

    @pytest.mark.parametrize("n", ["-1", "abc", "99999999999999999999"])
    def test_a_bad_n(self, full, n):
        full.client.get(f"/v2/_catalog?n={n}").expect_error(400, "PAGINATION_NUMBER_INVALID")

    def test_n_0_is_an_empty_list(self, full):
        answer = full.client.get("/v2/_catalog?n=0").expect(200)
        assert answer.json["repositories"] == [] and "Link" not in answer

    @pytest.mark.parametrize("last", ["a", "a/b", "nonexistent", "zz", "many/r129"])
    def test_last(self, full, last):
        expected = [name for name in self.NAMES if name > last]
        assert full.client.get(f"/v2/_catalog?n=5&last={last}").expect(200).json["repositories"] == expected[:5]
        assert full.client.get(f"/v2/_catalog?n=5&last={last.replace('/', '%2F')}").expect(200).json["repositories"] == expected[:5]
