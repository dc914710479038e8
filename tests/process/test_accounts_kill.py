"""kill -9 while users, robots, tokens and rules are made and changed: what was acknowledged holds afterwards."""

import http.client
import os
import random
import threading

from harness.accounts import CHEAP, Administrator, login
from harness.server import Server, merged

ROUNDS = int(os.environ.get("BERTH_KILLS", "50")) // 5
WORKERS = 4
CONFIG = merged(CHEAP, {"access": [{"allow": "admin", "who": "user:root"}, {"allow": "pull", "who": "authenticated"}],
                        "log": {"level": "warn", "accesslog": {"disabled": True}}})
_GONE = (http.client.HTTPException, OSError)


class Progress:
    """Counts what was acknowledged, for the test that waits for it."""

    def __init__(self):
        self._changed = threading.Condition()
        self._count = 0

    def add(self):
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: self._count >= count, 60), f"{self._count} acknowledged, waited for {count}"


class Worker(threading.Thread):
    """Makes accounts until the server is gone. What it was told is in `users`, `robots`, `tokens`, `gone`; what is asked for and
    not answered is in none of them."""

    def __init__(self, server, name, progress):
        super().__init__(daemon=True)
        self.progress = progress
        self.root = login(server, "root", "root's password")
        self.name_prefix = name
        self.users, self.robots, self.tokens, self.gone, self.rules = {}, {}, {}, [], []
        self.problem = None

    def run(self):
        try:
            for number in range(1_000_000):
                self.one_round(f"{self.name_prefix}-{number}")
        except _GONE:
            pass
        except AssertionError as problem:
            self.problem = problem
        finally:
            self.root.close()

    def ask(self, method, target, document=None, *, expect):
        answer = self.root.admin(method, target, document).expect(expect)
        self.progress.add()
        return answer

    def one_round(self, name):
        password = f"password of {name}"
        self.ask("POST", "/users", {"name": name, "password": password}, expect=201)
        self.users[name] = (password, False)
        self.robots[name] = self.ask("POST", "/robots", {"name": name, "can": ["pull:**"]}, expect=201).json["secret"]
        token = self.ask("POST", f"/users/{name}/tokens", {}, expect=201).json["secret"]
        self.tokens[token] = name
        for disabled in (True, False):
            del self.users[name], self.tokens[token]
            self.ask("PATCH", f"/users/{name}", {"disabled": disabled}, expect=200)
            self.users[name] = (password, disabled)
            self.tokens[token] = name
        self.rules.append(self.ask("POST", "/rules", {"rule": f"allow push to user:{name} on {name}/**"}, expect=201).json["id"])
        secret = self.robots.pop(name)
        self.ask("DELETE", f"/robots/{name}", expect=204)
        self.gone.append(secret)


def test_acknowledged_accounts_survive_kill_9(tmp_path):
    dice = random.Random(int(os.environ.get("BERTH_SEED", "4711")))
    server = Server(CONFIG, directory=tmp_path / "server")
    Administrator(server).add_user("root", "root's password")
    checked = 0
    try:
        for number in range(ROUNDS):
            server.start()
            progress = Progress()
            workers = [Worker(server, f"w{number}-{each}", progress) for each in range(WORKERS)]
            for worker in workers:
                worker.start()
            progress.wait_for(1 + dice.randrange(100))
            server.kill()
            for worker in workers:
                worker.join(60)
                assert worker.problem is None, worker.problem
            server.start()
            checked += sum(holds(server, worker) for worker in workers)
            server.stop()
        assert checked > ROUNDS
    finally:
        server.kill()


def holds(server, worker):
    for name, (password, disabled) in worker.users.items():
        login(server, name, password).get("/v2/").expect(401 if disabled else 200)
    for name, secret in worker.robots.items():
        login(server, f"robot${name}", secret).get("/v2/").expect(200)
    for secret, name in worker.tokens.items():
        login(server, name, secret).get("/v2/").expect(401 if worker.users[name][1] else 200)
    for secret in worker.gone:
        login(server, bearer=secret).get("/v2/").expect(401)
    rules = Administrator(server).ask("access", "list")["rules"]
    assert {rule["id"] for rule in rules} >= set(worker.rules)
    assert sorted(rule["position"] for rule in rules) == list(range(1, len(rules) + 1))
    return len(worker.users) + len(worker.robots) + len(worker.tokens) + len(worker.gone)
