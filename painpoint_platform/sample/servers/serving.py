"""The little HTTP server under the four sample APIs, and the faults that it can be told to make.

Belongs here: sockets, keep-alive, broken answers. Does not belong here: what an API answers (one module each).
The standard library's server is used because a fault must reach the socket: a reset, half a body, silence.
"""

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

FOREVER = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request, below the prefix of its API. ``headers`` have lower-case names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer and how it is sent.

    Whole, cut after ``sent_bytes``, after ``delay_s``, byte by byte with ``drip_s`` between them, or not at all
    (``reset``).
    """

    payload: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json; charset=utf-8"
    sent_bytes: int | None = None
    delay_s: float = 0.0
    drip_s: float = 0.0
    reset: bool = False
    compressed: bool = False

    def content(self) -> bytes:
        """Return the bytes of the content; JSON is written with escapes, as the real APIs do for odd characters."""
        return self.raw if self.raw is not None else json.dumps(self.payload).encode()

    def body(self) -> bytes:
        """Return the bytes to be sent."""
        return gzip.compress(self.content(), compresslevel=1) if self.compressed else self.content()


Fault = Callable[[Answer], Answer]


def status(code: int, payload: Any = None, **headers: str) -> Fault:
    """Answer ``code``; header names are given with underscores."""
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _answer: Answer(payload if payload is not None else {"message": f"status {code}"}, code, shown)


def html_page(code: int = 200) -> Fault:
    """Answer a log-in page."""
    page = b"<!DOCTYPE html><html><title>Sign in</title><body>Please sign in to the proxy</body></html>"
    return lambda _answer: Answer(status=code, raw=page, content_type="text/html; charset=utf-8")


def truncated(answer: Answer) -> Answer:
    """Announce the whole body, send half of it and close."""
    return replace(answer, sent_bytes=len(answer.body()) // 2)


def half_a_page(answer: Answer) -> Answer:
    """Send half of the JSON as if it were all of it."""
    content = answer.content()
    return replace(answer, raw=content[: len(content) // 2])


def connection_reset(answer: Answer) -> Answer:
    """Reset the connection instead of answering."""
    return replace(answer, reset=True)


def hanging(seconds: float) -> Fault:
    """Answer late."""
    return lambda answer: replace(answer, delay_s=seconds)


def dripping(seconds: float) -> Fault:
    """Answer byte by byte, so that every time-out between two bytes is kept and the answer never ends."""
    return lambda answer: replace(answer, drip_s=seconds)


def changed(change: Callable[[Any], Any]) -> Fault:
    """Answer with a changed payload (a malformed record, other types, a back-off)."""
    return lambda answer: replace(answer, payload=change(json.loads(json.dumps(answer.payload))))


class Faults:
    """Faults waiting to happen, by API: a queue of (fault, how many more times, after how many good answers)."""

    def __init__(self) -> None:
        self._queues: dict[str, list[tuple[Fault, int, int]]] = {}
        self._lock = threading.Lock()

    def add(self, api: str, fault: Fault, *, times: int = 1, after: int = 0) -> None:
        """Let ``fault`` happen to the next ``times`` answers of ``api``, after ``after`` good ones."""
        with self._lock:
            self._queues.setdefault(api, []).append((fault, times, after))

    def next_for(self, api: str) -> Fault | None:
        """Return the fault for the next answer, counting it."""
        with self._lock:
            queue = self._queues.get(api)
            if not queue:
                return None
            fault, times, after = queue.pop(0)
            if after > 0:
                queue.insert(0, (fault, times, after - 1))
                return None
            if times > 1:
                queue.insert(0, (fault, times - 1, 0))
            return fault


SampleApi = Callable[[Request], Answer]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # The default of 5 lets the kernel refuse connections when several collectors start at once.
    request_queue_size = 64

    def __init__(self, apis: Mapping[str, SampleApi], faults: Faults, record: Callable[[str, Request], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.apis, self.faults, self.record = apis, faults, record
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep silent: clients that hang up on purpose are what the faults are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    server: _Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        prefix, _, path = url.path.lstrip("/").partition("/")
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.command,
            path,
            dict(parse_qsl(url.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        api = self.server.apis.get(prefix)
        if api is None:
            self._send(Answer({"message": "Not Found"}, 404))
            return
        self.server.record(prefix, request)
        answer = api(request)
        fault = self.server.faults.next_for(prefix)
        self._send(fault(answer) if fault else answer)

    do_POST = do_GET

    def _send(self, answer: Answer) -> None:
        if answer.delay_s:
            self.server.stopping.wait(answer.delay_s)
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        body = answer.body()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.compressed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if answer.drip_s:
            for index in range(len(body)):
                self.wfile.write(body[index : index + 1])
                if self.server.stopping.wait(answer.drip_s):
                    break
            self.close_connection = True
            return
        self.wfile.write(body[: answer.sent_bytes])
        if answer.sent_bytes is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Keep silent: the demo prints what matters."""


@contextmanager
def serving(apis: Mapping[str, SampleApi], faults: Faults, record: Callable[[str, Request], None]) -> Iterator[str]:
    """Serve each API under its name as first part of the path; yield the address, on a free loopback port."""
    server = _Server(apis, faults, record)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Allowance:
    """Requests that a server still allows in the current minute; counted as GitHub and Reddit do, in fixed minutes."""

    per_minute: int
    clock: Callable[[], float] = time.time
    used: int = 0
    resets_at: float = 0.0

    def take(self) -> bool:
        """Count a request; return False if there was none left."""
        now = self.clock()
        if now >= self.resets_at:
            self.used, self.resets_at = 0, now + 60.0
        self.used += 1
        return self.used <= self.per_minute

    @property
    def remaining(self) -> int:
        """Requests left in this minute."""
        return max(0, self.per_minute - self.used)
