"""Sending many record writes: in batches where the server takes them, and around the records that it refuses.

Belongs here: cutting writes into batches, finding the one that a batch failed for, the way without batches. Does not
belong here: what is written and why (``plan``), one request (``pocketbase_client``).
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from painpoint_platform.issues.publishing.pocketbase_client import (
    BATCH_PATH,
    OutageError,
    PocketBaseClient,
    RefusedError,
    batch_failure,
)
from painpoint_platform.issues.publishing.pocketbase_collections import BatchLimits

_MAY_BE_SMALLER = frozenset({400, 413, 500})
# One record may break the server's code; several in a row mean that the server is broken.
_SERVER_ERRORS_IN_A_ROW = 5


@dataclass(frozen=True, slots=True)
class Upsert:
    """Make the record with this id, or bring the existing one to these fields."""

    collection: str
    record_id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the record with this id; fine when it is not there."""

    collection: str
    record_id: str


Write = Upsert | Delete


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write: ``refusal`` is None when the server has it as wanted."""

    write: Write
    refusal: RefusedError | None = None


def send_writes(client: PocketBaseClient, writes: Iterable[Write], limits: BatchLimits) -> Iterator[Written]:
    """Send all writes in order and yield what became of each.

    A batch is one transaction on the server. When one of its writes is refused, the ones before it are sent again
    without it and the ones after it go on, so that k bad writes cost about 2k requests. Where the server does not say
    which one it was, the batch is halved.

    Raises:
        OutageError: the server stopped answering; writes not yielded by then may or may not have arrived.
        UserError: the server no longer accepts the superuser.
    """
    pending = deque(_batches(writes, limits))
    server_errors = 0
    while pending:
        batch = pending.popleft()
        if len(batch) == 1:
            written = _send_one(client, batch[0])
            yield written
            server_errors = server_errors + 1 if written.refusal and written.refusal.status >= 500 else 0
            if server_errors == _SERVER_ERRORS_IN_A_ROW:
                raise OutageError(f"{client.shown_url} fails with every record: {written.refusal}")
            continue
        try:
            client.send("POST", BATCH_PATH, body={"requests": [_request(write) for write in batch]})
        except RefusedError as error:
            done, again = _around(batch, error)
            yield from done
            pending.extendleft(reversed(again))
        else:
            yield from map(Written, batch)


def _batches(writes: Iterable[Write], limits: BatchLimits) -> Iterator[list[Write]]:
    batch: list[Write] = []
    size = 0
    for write in writes:
        weight = len(json.dumps(_request(write)))
        if batch and (len(batch) >= max(1, limits.requests) or size + weight > limits.size_bytes):
            yield batch
            batch, size = [], 0
        batch.append(write)
        size += weight
    if batch:
        yield batch


def _around(batch: list[Write], error: RefusedError) -> tuple[Sequence[Written], Sequence[list[Write]]]:
    """Split a refused batch into what is settled by the refusal and the batches to send instead."""
    if failure := batch_failure(error):
        index, refusal = failure
        gone = isinstance(batch[index], Delete) and refusal.status == 404
        settled = Written(batch[index], None if gone else refusal)
        return [settled], [part for part in (batch[:index], batch[index + 1 :]) if part]
    if error.status in _MAY_BE_SMALLER:
        middle = len(batch) // 2
        return [], [batch[:middle], batch[middle:]]
    # Batches are not for us (switched off, an older server): one by one.
    return [], [[write] for write in batch]


def _request(write: Write) -> dict[str, Any]:
    records = f"/api/collections/{write.collection}/records"
    if isinstance(write, Delete):
        return {"method": "DELETE", "url": f"{records}/{write.record_id}"}
    return {"method": "PUT", "url": records, "body": {"id": write.record_id, **write.fields}}


def _send_one(client: PocketBaseClient, write: Write) -> Written:
    records = f"/api/collections/{write.collection}/records"
    record = f"{records}/{write.record_id}"
    try:
        if isinstance(write, Delete):
            client.send("DELETE", record)
        else:
            client.send("PATCH", record, body=write.fields)
    except RefusedError as error:
        if error.status != 404:
            return Written(write, error)
        if isinstance(write, Delete):
            return Written(write)
    else:
        return Written(write)
    try:
        client.send("POST", records, body={"id": write.record_id, **write.fields})
    except RefusedError as error:
        return Written(write, error)
    return Written(write)
