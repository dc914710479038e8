"""Looks whether a registry, started on what a power cut left, keeps what clients were told before the cut."""

from typing import Dict, List, Optional
from urllib.parse import urlsplit

from harness.content import digest_of
from harness.http import Http
from harness.repository import with_query
from history import History
from load import references


class Check:
    """One look at one server. `violations` says in words what is wrong."""

    def __init__(self, client: Http, history: History, cut_ns: int):
        self._client = client
        self._history = history
        self._cut_ns = cut_ns
        self._found: Dict[tuple, bool] = {}  # blobs and manifests, by thing
        self.violations: List[str] = []
        self.demanded = 0  # things that had to be there

    def run(self) -> "Check":
        self._check_looked_for()  # before anything is read: a read that finds bytes gone makes the next HEAD say so
        for thing in self._history.things():
            allowed = self._history.allowed(thing, self._cut_ns)
            if not allowed:
                continue
            if thing[0] == "upload":
                self._check_upload(thing, allowed)
                continue
            found = self._tag(thing) if thing[0] == "tag" else self._content(thing) or None
            self.demanded += None not in allowed
            if found not in allowed:
                self._complain(f"{' '.join(thing)}: found {found}, allowed {sorted(map(str, allowed))}")
        self._check_tag_lists()
        return self

    def _complain(self, text: str) -> None:
        self.violations.append(text)

    def _content(self, thing: tuple) -> bool:
        """Whether a blob or manifest is served; with the right bytes, and if it is a manifest whole."""
        if thing not in self._found:
            kind, repository, digest = thing
            answer = self._client.get(f"/v2/{repository}/{kind}s/{digest}")
            self._found[thing] = answer.status == 200
            if answer.status == 200:
                if answer.body != self._history.contents.get(digest):
                    self._complain(f"{' '.join(thing)}: served with wrong bytes")
                elif kind == "manifest":
                    self._check_whole(repository, digest)
            elif answer.status != 404:
                self._complain(f"{' '.join(thing)}: answered {answer}")
        return self._found[thing]

    def _check_whole(self, repository: str, digest: str) -> None:
        blobs, manifests = references(self._history.contents[digest])
        for kind, digests in (("blob", blobs), ("manifest", manifests)):
            for part in digests:
                if not self._content((kind, repository, part)):
                    self._complain(f"{repository}@{digest} is served without its {kind} {part}")

    def _tag(self, thing: tuple) -> Optional[str]:
        _, repository, tag = thing
        answer = self._client.get(f"/v2/{repository}/manifests/{tag}")
        if answer.status == 404:
            return None
        if answer.status != 200:
            self._complain(f"{' '.join(thing)}: answered {answer}")
            return None
        digest = answer["Docker-Content-Digest"]
        if answer.body != self._history.contents.get(digest) or digest_of(answer.body, digest.split(":")[0]) != digest:
            self._complain(f"{' '.join(thing)}: served with wrong bytes")
        self._content(("manifest", repository, digest))
        return digest

    def _check_upload(self, thing: tuple, allowed: set) -> None:
        """What was acknowledged of an unfinished upload is there, and the rest can be sent."""
        _, repository, location = thing
        target = urlsplit(location).path
        answer = self._client.get(target)
        if answer.status == 404:
            if not allowed & {None, 0}:  # nothing of it was acknowledged yet, or only that it begins
                self._complain(f"{' '.join(thing)}: gone, allowed {sorted(map(str, allowed))}")
            return
        if answer.status != 204:
            self._complain(f"{' '.join(thing)}: answered {answer}")
            return
        last = int(answer["Range"].split("-")[1])
        offset = last + 1 if last else 0
        if offset not in allowed:
            self._complain(f"{' '.join(thing)}: is at {offset}, allowed {sorted(map(str, allowed))}")
            return
        content = self._history.uploads[thing]
        digest = digest_of(content)
        finished = self._client.put(with_query(answer["Location"], f"digest={digest}"), content[offset:])
        if finished.status != 201:
            self._complain(f"{' '.join(thing)}: cannot be finished from {offset}: {finished}")
        elif self._client.get(f"/v2/{repository}/blobs/{digest}").body != content:
            self._complain(f"{' '.join(thing)}: finished from {offset} and served with wrong bytes")

    def _check_looked_for(self) -> None:
        """A client that is told by HEAD that a blob is there does not send it: then it has to be there."""
        for repository, digest in sorted(self._history.looked_for):
            if self._client.head(f"/v2/{repository}/blobs/{digest}").status != 200:
                continue
            self.demanded += 1
            answer = self._client.get(f"/v2/{repository}/blobs/{digest}")
            if answer.status != 200 or answer.body != self._history.contents[digest]:
                self._complain(f"blob {repository} {digest}: HEAD says that it is there, GET answers {answer.status}")

    def _check_tag_lists(self) -> None:
        tags: Dict[str, set] = {}
        for thing in self._history.things():
            if thing[0] == "tag":
                tags.setdefault(thing[1], set())
                if self._tag(thing) is not None:
                    tags[thing[1]].add(thing[2])
        for repository, expected in tags.items():
            answer = self._client.get(f"/v2/{repository}/tags/list")
            listed = answer.json["tags"] if answer.status == 200 else []
            if listed != sorted(expected):
                self._complain(f"{repository}: lists {listed}, serves {sorted(expected)}")
