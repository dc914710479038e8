"""Content pushed to a registry over its API, and taken back from it to see that it is the same."""

import concurrent.futures
import http.client
import json
import ssl
import urllib.parse

import content

PUSHERS = 8


class Client:
    """One kept-alive connection to a server."""

    def __init__(self, server):
        host, port = server.address().split(":")
        if getattr(server, "tls", None):
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.connection = http.client.HTTPSConnection(host, int(port), timeout=120, context=context)
        else:
            self.connection = http.client.HTTPConnection(host, int(port), timeout=120)
        self.name = server.name

    def request(self, method, target, body=None, headers=(), expect=200):
        self.connection.request(method, target, body=body, headers=dict(headers))
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != expect:
            raise RuntimeError(f"{self.name}: {method} {target} answered {answer.status}: {data[:300]!r}")
        return answer, data

    def get(self, target):
        return self.request("GET", target, headers={"Accept": content.MANIFEST_TYPE})[1]

    def get_json(self, target):
        return json.loads(self.get(target))

    def put_blob(self, data, digest, repository=content.REPOSITORY):
        answer, _ = self.request("POST", f"/v2/{repository}/blobs/uploads/", body=b"", expect=202)
        parts = urllib.parse.urlsplit(answer.headers["Location"])
        query = f"{parts.query}&digest={digest}" if parts.query else f"digest={digest}"
        self.request("PUT", f"{parts.path}?{query}", body=data, headers={"Content-Type": "application/octet-stream"}, expect=201)

    def put_manifest(self, data, reference, repository=content.REPOSITORY):
        self.request("PUT", f"/v2/{repository}/manifests/{reference}", body=data,
                     headers={"Content-Type": content.MANIFEST_TYPE}, expect=201)

    def close(self):
        self.connection.close()


def push(server, tree, images, blobs):
    """These of the tree: blobs first. The blobs of the images must be among them."""
    def push_share(number):
        client = Client(server)
        for blob in blobs[number::PUSHERS]:
            client.put_blob(tree.path("blobs", blob.digest).read_bytes(), blob.digest)
        client.close()

    def tag_share(number):
        client = Client(server)
        for image in images[number::PUSHERS]:
            client.put_manifest(tree.manifest_bytes(image), image.manifest.tag)
        client.close()

    with concurrent.futures.ThreadPoolExecutor(PUSHERS) as pool:
        for share in (push_share, tag_share):
            list(pool.map(share, range(PUSHERS)))


def check(server, lines, count=20):
    """That the server gives back what the digests in the targets say, for some of them from everywhere in the list."""
    client = Client(server)
    for line in lines[::max(1, len(lines) // count)]:
        target = line.split()[0]
        data = client.get(target)
        name = target.rsplit("/", 1)[1]
        if name.startswith("sha256:") and content.digest_of(data) != name:
            raise RuntimeError(f"{server.name} answers {target} with other bytes")
    client.close()
