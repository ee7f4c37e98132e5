"""A real OAuth 2.0 token server on loopback, and certificates for servers that speak TLS.

Belongs here: RFC 6749's client credentials grant and the ways in which real token servers break it.
Does not belong here: what a model's server does with a token (``model_server``).
"""

import base64
import json
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

CLIENT_ID, CLIENT_SECRET = "the client", "s3cret+&=with% odd:signs"


@dataclass(frozen=True)
class Page:
    """An answer of its own: a fault."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class TokenServer:
    """Hands out ``token-1``, ``token-2`` … until the ``with`` block ends.

    Attributes:
        expires_in: what it says about a token's life, in seconds; None = nothing.
        only: ``form`` or ``header``: the one way in which it takes the client's credentials.
        faults: used up by the next requests in order.
    """

    expires_in: Any = 3600
    only: str | None = None
    delay_s: float = 0.0
    token_type: str = "Bearer"
    tls: ssl.SSLContext | None = None
    faults: deque[Page] = field(default_factory=deque)
    requests: list[dict[str, str]] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/oauth/token"

    def __enter__(self) -> "TokenServer":
        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self.port = self._http.server_port
        if self.tls:
            self._http.socket = self.tls.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)

    def answer(self, form: dict[str, str], authorization: str) -> Page:
        """What the server says to a request."""
        self.requests.append(form | {"authorization": authorization})
        time.sleep(self.delay_s)
        if self.faults:
            return self.faults.popleft()
        if form.get("grant_type") != "client_credentials":
            return _json(400, {"error": "unsupported_grant_type"})
        client = self._client(form, authorization)
        if client != (CLIENT_ID, CLIENT_SECRET):
            return _json(401, {"error": "invalid_client", "error_description": f"not known: {client}"})
        token = f"token-{len(self.issued) + 1}-of-many"
        self.issued.append(token)
        life = {} if self.expires_in is None else {"expires_in": self.expires_in}
        return _json(200, {"access_token": token, "token_type": self.token_type, **life})

    def _client(self, form: dict[str, str], authorization: str) -> tuple[str, ...] | None:
        if "client_secret" in form and self.only != "header":
            return form.get("client_id", ""), form["client_secret"]
        if authorization.startswith("Basic ") and self.only != "form":
            decoded = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            return tuple(unquote_plus(part) for part in decoded.split(":", 1))
        return None

    def _handler(server) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
                page = server.answer(form, self.headers.get("Authorization", ""))
                self.send_response(page.status)
                for name, value in page.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(page.text.encode())))
                self.end_headers()
                self.wfile.write(page.text.encode())

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _json(status: int, value: dict[str, Any]) -> Page:
    return Page(status, json.dumps(value), (("Content-Type", "application/json"),))


@dataclass(frozen=True)
class Authority:
    """A certificate authority of one's own: its certificate as a file, and a server's side of TLS for 127.0.0.1."""

    bundle: Path
    server_side: ssl.SSLContext


def make_authority(folder: Path, name: str) -> Authority:
    """Make an authority and a certificate that it signed; needs the package cryptography."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def certificate(subject: str, key: Any, signer: Any, issuer: str, *extensions: x509.ExtensionType) -> Any:
        builder = x509.CertificateBuilder(
            issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
            subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=datetime.now(UTC) - timedelta(days=1),
            not_valid_after=datetime.now(UTC) + timedelta(days=1),
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    bundle, chain, key_file = (folder / f"{name}-{part}.pem" for part in ("ca", "server", "key"))
    signer_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    basic = x509.BasicConstraints(ca=True, path_length=None)
    bundle.write_bytes(certificate(name, authority_key, authority_key, name, basic, signer_id, usage))
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    chain.write_bytes(certificate("127.0.0.1", server_key, authority_key, name, address, issued_by))
    key_file.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key_file)
    return Authority(bundle, context)
