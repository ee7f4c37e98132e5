"""The event loop that model calls run on.

Belongs here: one daemon thread with one loop for the whole process. A single loop lets callers with a running loop of
their own (notebooks, Dagster's async steps) and callers in several threads share limits and HTTP connections, which
LiteLLM keeps a loop. Does not belong here: anything about models.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_owner_pid = 0


def start(coroutine: Coroutine[Any, Any, ResultT]) -> "Future[ResultT]":
    """Run a coroutine on the background loop and return its future; cancelling that cancels the coroutine."""
    return asyncio.run_coroutine_threadsafe(coroutine, _running_loop())


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop, _owner_pid  # noqa: PLW0603 - one loop a process is the point
    with _lock:
        # A forked child inherits the object but not the thread that runs it.
        if _loop is None or _owner_pid != os.getpid():
            _loop = asyncio.new_event_loop()
            _owner_pid = os.getpid()
            threading.Thread(target=_loop.run_forever, name="model-calls", daemon=True).start()
        return _loop
