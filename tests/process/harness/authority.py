"""A certificate authority made by openssl: certificates for servers, clients and token services of the tests."""

import os
import pathlib
import ssl
from dataclasses import dataclass
from typing import Optional

from .clients import run


@dataclass(frozen=True)
class Pair:
    """A certificate and its key; what a server's `tls` takes."""

    certificate: pathlib.Path
    key: pathlib.Path
    authority: pathlib.Path

    def client_context(self, client: Optional["Pair"] = None) -> ssl.SSLContext:
        """Trusts the authority; shows `client` if there is one."""
        context = ssl.create_default_context(cafile=str(self.authority))
        if client:
            context.load_cert_chain(str(client.certificate), str(client.key))
        return context


class Authority:
    def __init__(self, directory: os.PathLike, name: str = "Berth tests"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.certificate = self.directory / "ca.crt"
        self.key = self.directory / "ca.key"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", 30, "-subj", f"/CN={name}",
            "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name: str, *, subject: Optional[str] = None, alternative: str = "", days: int = 10) -> Pair:
        """A certificate for `subject` (/CN=name if there is none) with `alternative` as its subjectAltName."""
        certificate, key, request = (self.directory / f"{name}.{end}" for end in ("crt", "key", "csr"))
        run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-sha256", "-subj", subject or f"/CN={name}", "-keyout", key,
            "-out", request)
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative}\n" if alternative else "basicConstraints=CA:FALSE\n")
        run("openssl", "x509", "-req", "-sha256", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-days", days, "-extfile", extensions, "-out", certificate)
        return Pair(certificate, key, self.certificate)

    def issue_server(self, name: str = "server", addresses: str = "IP:127.0.0.1,DNS:localhost") -> Pair:
        return self.issue(name, alternative=addresses)
