"""What it costs to know who asks: the same manifests of a Berth without access control and of one that has a hundred thousand
users and ten thousand rules, asked with a Bearer token and with a password that was checked before."""

import base64
import json
import urllib.parse

import api
from content import KIB, MIB, REPOSITORY, Content, tag_line
from read_world import ReadWorld
from runner import Goal, Metric, Part, Row

KEYS = 10_000
CACHE_BYTES = 64 * MIB
USERS = 100_000
RULES = 10_000
GUARDED = "Berth with access control"

USER = "user-77777"
PASSWORD = "U*U"
# Of that password, from the self-test of crypt_blowfish.
HASH = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"


def make_content(tree):
    config = tree.add_config()
    layers = [tree.add_blob(4 * KIB) for _ in range(8)]
    images = [tree.add_image(number, config, layers) for number in range(KEYS)]
    return Content({"tags": [tag_line(image) for image in images]}, few_images=[], few_blobs=[])


class GuardedWorld(ReadWorld):
    """Two Berths with the same content; the second one asks who is there."""

    def _make(self):
        super()._make()
        directory = self.lab.new_directory("users")
        users = directory / "htpasswd"
        users.write_text("".join(f"user-{number}:{HASH}\n" for number in range(USERS)))
        rules = [{"allow": "pull", "who": f"user:user-{number}", "repositories": f"t{number}/**"} for number in range(RULES)]
        rules.append({"allow": "pull", "who": f"user:{USER}", "repositories": REPOSITORY})
        guarded = self.servers[GUARDED] = self._filled_berth(self.tree, {
            **self.settings, "auth.htpasswd.realm": "bench", "auth.htpasswd.path": str(users), "auth.local.tokenlifetime": "24h",
            "access": rules})
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        query = urllib.parse.urlencode({"service": "berth", "scope": f"repository:{REPOSITORY}:pull"})
        _, given = api.Client(guarded).request("GET", f"/token?{query}", headers={"Authorization": basic})
        self.fields = {"Basic": basic, "Bearer": "Bearer " + json.loads(given)["token"]}

    def pair(self, kind, number):
        """Without and with: figures of the second, and what it takes more."""
        order = ["Berth", GUARDED] if number % 2 == 0 else [GUARDED, "Berth"]
        figures = {}
        for name in order:
            field = self.fields[kind] if name == GUARDED else ""
            figures[name] = self.lab.loads.requests(self._warmed(name, field), "copy", self.targets(name, "tags"), 32, self.lab.seconds,
                                                    seed=number + 1, authorization=field)
        with_it = figures[GUARDED]
        return {**with_it, "added_us": with_it["cpu_us"] - figures["Berth"]["cpu_us"]}

    def _warmed(self, name, field):
        server = self.servers[name]
        if (name, field) not in self.warmed:
            self.lab.loads.requests(server, "copy", self.targets(name, "tags"), 8, 600, once=True, authorization=field)
            self.warmed.add((name, field))
        return server


def row(kind):
    def measure(world, _, number):
        return world.pair(kind, number)
    what = {"Bearer": "a Bearer token", "Basic": "a known password"}[kind]
    return Row(f"manifest GET by tag with {what}, c32, plain", measure, ["Berth"],
               [Metric("rate", "req/s"), Metric("cpu_us", "server CPU, us/req"), Metric("added_us", "more CPU than without, us/req")],
               [Goal("added_us", at_most=3.0)])


def parts(lab):
    settings = lab.features.answer_cache(CACHE_BYTES)
    yield Part([row("Bearer"), row("Basic")], lambda: GuardedWorld(lab, make_content, settings),
               missing="" if lab.features.has_access_control else "this Berth has no access control")
