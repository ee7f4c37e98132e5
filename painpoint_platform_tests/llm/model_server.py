"""A real OpenAI-compatible chat server on loopback that misbehaves on demand and remembers what it was asked.

Belongs here: the wire format of ``/v1/chat/completions`` and the ways in which real servers break it.
Does not belong here: what a task's right answer is (each test says that).
"""

import asyncio
import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One way to answer wrongly. ``kind`` chooses the way; the other fields are its details."""

    kind: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""


def status(code: int, *, retry_after: float | None = None, text: str = "") -> Fault:
    """An HTTP error, perhaps with Retry-After."""
    headers = () if retry_after is None else (("Retry-After", f"{retry_after:g}"),)
    return Fault("status", code, headers, text)


def content(text: str | None) -> Fault:
    """A well-formed completion whose content is this text (None: null content)."""
    return Fault("null") if text is None else Fault("content", text=text)


def tool_arguments(text: str) -> Fault:
    """A tool call with these raw arguments."""
    return Fault("tool", text=text)


HANG = Fault("hang")  # takes the request and never answers
DRIP = Fault("drip")  # sends one byte of white space now and then, for ever
TRUNCATED = Fault("truncated")  # promises more bytes than it sends, then closes
RESET = Fault("reset")  # closes without a byte
HTML = Fault("html")  # a proxy's page with status 200
EMPTY_CHOICES = Fault("empty")
CUT_OFF = Fault("cut")  # the model ran into max_tokens: half a JSON object, finish_reason length
NO_USAGE = Fault("no_usage")


@dataclass
class Seen:
    """One request as it arrived."""

    headers: dict[str, str]
    body: dict[str, Any]
    began: float
    ended: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def model(self) -> str:
        return self.body["model"]

    @property
    def messages(self) -> list[dict[str, str]]:
        return self.body["messages"]

    @property
    def user_json(self) -> dict[str, Any]:
        """The first user message, parsed."""
        return json.loads(next(m["content"] for m in self.messages if m["role"] == "user"))

    @property
    def is_retry(self) -> bool:
        return len(self.messages) > 2


Answer = Callable[[Seen], Any]
Chooser = Callable[[Seen], Fault | None]


@dataclass
class ModelServer:
    """Serves until the ``with`` block ends. ``answer`` returns the reply object of a request; ``faults`` are used up by
    the next requests in order; ``fault_for`` picks one by what was asked. A request waits while ``is_held`` says so."""

    answer: Answer = lambda seen: {"echo": seen.user_json}
    fault_for: Chooser = lambda _seen: None
    delay_s: float = 0.0
    is_held: Callable[[Seen], bool] = lambda _seen: False
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    max_in_flight: int = 0
    port: int = 0
    _in_flight: int = 0

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> "ModelServer":
        started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run(started))
        self._loop.close()

    async def _run(self, started: threading.Event) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self.port, limit=2**24, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stop.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        seen = Seen(headers, json.loads(body), time.monotonic())
        seen.prompt_tokens = sum(len(m["content"].split()) for m in seen.messages)
        self.seen.append(seen)
        fault = self.faults.popleft() if self.faults else self.fault_for(seen)
        self._in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self._in_flight)
        try:
            await asyncio.sleep(self.delay_s)
            while self.is_held(seen):  # noqa: ASYNC110 - what it waits for happens in another thread
                await asyncio.sleep(0.01)
            return await self._reply(seen, fault, writer)
        finally:
            self._in_flight -= 1
            seen.ended = time.monotonic()

    async def _reply(self, seen: Seen, fault: Fault | None, writer: asyncio.StreamWriter) -> bool:
        kind = fault.kind if fault else "ok"
        if kind == "hang":
            await asyncio.sleep(3600)
        if kind == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.1)
        if kind == "reset":
            return False
        if kind == "status":
            text = fault.text or json.dumps({"error": {"message": f"the server says {fault.status}", "code": "x"}})
            return await _send(writer, fault.status, text, fault.headers)
        if kind == "html":
            return await _send(writer, 200, "<html><body>Please log in</body></html>", (), "text/html")
        text = json.dumps(self._completion(seen, fault))
        if kind == "truncated":
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text[: len(text) // 2]}".encode())
            await writer.drain()
            return False
        return await _send(writer, 200, text)

    def _completion(self, seen: Seen, fault: Fault | None) -> dict[str, Any]:
        kind = fault.kind if fault else "ok"
        message: dict[str, Any] = {"role": "assistant", "content": None}
        if kind == "tool" or (seen.body.get("tools") and kind in {"ok", "no_usage"}):
            name = seen.body["tools"][0]["function"]["name"]
            arguments = fault.text if kind == "tool" else json.dumps(self.answer(seen))
            message["tool_calls"] = [
                {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
            ]
        elif kind == "content":
            message["content"] = fault.text
        elif kind != "null":
            text = json.dumps(self.answer(seen), ensure_ascii=False)
            message["content"] = text[: len(text) // 2] if kind == "cut" else text
        seen.completion_tokens = len((message["content"] or str(message.get("tool_calls", ""))).split())
        usage = {"prompt_tokens": seen.prompt_tokens, "completion_tokens": seen.completion_tokens}
        choice = {"index": 0, "message": message, "finish_reason": "length" if kind == "cut" else "stop"}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": seen.model,
            "choices": [] if kind == "empty" else [choice],
            **({} if kind == "no_usage" else {"usage": usage | {"total_tokens": sum(usage.values())}}),
        }


async def _send(
    writer: asyncio.StreamWriter,
    code: int,
    text: str,
    headers: tuple[tuple[str, str], ...] = (),
    content_type: str = "application/json",
) -> bool:
    body = text.encode()
    lines = [f"HTTP/1.1 {code} Status", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()
    return True
