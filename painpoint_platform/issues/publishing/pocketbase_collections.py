"""The collections that published issues live in, and the server's settings for batches.

Belongs here: what the collections look like, making and migrating them, how large a batch may be. Does not belong here:
the records' values (``payload``), sending them (``pocketbase_writes``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from painpoint_platform.errors import UserError
from painpoint_platform.issues.publishing.payload import EVIDENCE, ISSUES
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient, RefusedError

# PocketBase's own limit is 5,000 characters where a field sets none; a pasted log is longer.
_LONG_TEXT = 1_000_000

_MAX_BATCH_REQUESTS = 500
# One request may be refused by a proxy in front of the server long before PocketBase's own limit (128 MB).
_MAX_BATCH_BYTES = 4_000_000
# PocketBase gives a batch 3 s by default, which a slow disk exceeds.
_BATCH_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class CollectionSpec:
    """A collection as this platform needs it.

    Attributes:
        name: of the collection.
        fields: by name, PocketBase's description of each; a relation names its target's *name* as ``collectionId``.
        indexes: by name, the statement that makes each.
    """

    name: str
    fields: Mapping[str, Mapping[str, Any]]
    indexes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much one batch may hold; ``requests`` 0 where the server takes no batches."""

    requests: int
    size_bytes: int


_TEXT: Mapping[str, Any] = {"type": "text", "max": _LONG_TEXT}
_NUMBER: Mapping[str, Any] = {"type": "number"}
_DATE: Mapping[str, Any] = {"type": "date"}

# Without rules a collection is readable by superusers only; whoever runs the server opens it on purpose.
COLLECTIONS = (
    CollectionSpec(
        ISSUES,
        {
            "issue_key": {"type": "text", "required": True, "max": 200},
            "title": {**_TEXT, "presentable": True},
            "category": _TEXT,
            "description": _TEXT,
            "would_pay": {"type": "bool"},
            "impact_level": _TEXT,
            "impact_score": _NUMBER,
            "cluster_size": _NUMBER,
            "evidence_count": _NUMBER,
            "sources": {"type": "json"},
            "first_seen": _DATE,
            "last_seen": _DATE,
            "model": _TEXT,
        },
        {
            "idx_issues_issue_key": "CREATE UNIQUE INDEX `idx_issues_issue_key` ON `issues` (`issue_key`)",
            "idx_issues_last_seen": "CREATE INDEX `idx_issues_last_seen` ON `issues` (`last_seen`)",
        },
    ),
    CollectionSpec(
        EVIDENCE,
        {
            "issue": {
                "type": "relation",
                "collectionId": ISSUES,
                "required": True,
                "maxSelect": 1,
                "cascadeDelete": True,
            },
            # Not PocketBase's own type for URLs: it refuses some that the sources use.
            "url": _TEXT,
            "title": {**_TEXT, "presentable": True},
            "snippet": _TEXT,
            "source": _TEXT,
            "created_at": _DATE,
            "votes": _NUMBER,
            "comments": _NUMBER,
        },
        {"idx_issue_evidence_issue": "CREATE INDEX `idx_issue_evidence_issue` ON `issue_evidence` (`issue`)"},
    ),
)


def find_collections(client: PocketBaseClient) -> dict[str, dict[str, Any]]:
    """Return what the server says about those of our collections that it has, by name."""
    found = {spec.name: _find(client, spec.name) for spec in COLLECTIONS}
    return {name: collection for name, collection in found.items() if collection is not None}


def ensure_collections(client: PocketBaseClient, found: Mapping[str, dict[str, Any]]) -> None:
    """Make the collections that are missing from ``found`` and add what the others lack.

    What is there already stays: fields and indexes that someone added, their limits, the access rules.

    Raises:
        UserError: a field exists with another type, or the server refuses the change.
    """
    ids: dict[str, str] = {}
    for spec in COLLECTIONS:
        present = found.get(spec.name)
        try:
            collection = _migrate(client, spec, present, ids) if present else _create(client, spec, ids)
        except RefusedError as error:
            if error.status >= 500:
                raise
            raise UserError(
                f"PocketBase at {client.shown_url}: collection {spec.name} cannot be set up: {error}; "
                "mend it in the server's dashboard, or rename it there and a new one is made"
            ) from None
        ids[spec.name] = collection["id"]


def ensure_batches(client: PocketBaseClient) -> BatchLimits:
    """Switch batches on where they are off (PocketBase's default), and return how much one may hold."""
    try:
        batch = client.send("GET", "/api/settings")["batch"]
        if not batch["enabled"]:
            wanted = {
                "enabled": True,
                "maxRequests": max(batch["maxRequests"], _MAX_BATCH_REQUESTS),
                "timeout": max(batch["timeout"], _BATCH_TIMEOUT_S),
            }
            batch = client.send("PATCH", "/api/settings", body={"batch": {**batch, **wanted}})["batch"]
    except (RefusedError, KeyError, TypeError):
        # A server without these settings, or one that keeps them as they are: records go one by one.
        return BatchLimits(0, 0)
    return BatchLimits(
        min(batch["maxRequests"], _MAX_BATCH_REQUESTS), min(batch["maxBodySize"] or _MAX_BATCH_BYTES, _MAX_BATCH_BYTES)
    )


def existing_records(client: PocketBaseClient, collection: str) -> dict[str, dict[str, Any]]:
    """Return all records of a collection by id; none where it does not exist. One request a thousand records."""
    records: dict[str, dict[str, Any]] = {}
    page = 1
    while True:
        params = {"page": page, "perPage": 1000, "skipTotal": 1, "sort": "id"}
        try:
            answer = client.send("GET", f"/api/collections/{collection}/records", params=params)
        except RefusedError as error:
            if error.status == 404:
                return {}
            raise
        records.update((item["id"], item) for item in answer["items"])
        if len(answer["items"]) < answer["perPage"]:
            return records
        page += 1


def _find(client: PocketBaseClient, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.send("GET", f"/api/collections/{name}")
    except RefusedError as error:
        if error.status == 404:
            return None
        raise
    return found


def _create(client: PocketBaseClient, spec: CollectionSpec, ids: Mapping[str, str]) -> dict[str, Any]:
    body = {
        "name": spec.name,
        "type": "base",
        "fields": [_field(name, field, ids) for name, field in spec.fields.items()],
        "indexes": list(spec.indexes.values()),
    }
    created: dict[str, Any] = client.send("POST", "/api/collections", body=body)
    return created


def _migrate(
    client: PocketBaseClient, spec: CollectionSpec, found: dict[str, Any], ids: Mapping[str, str]
) -> dict[str, Any]:
    present = {field["name"]: field for field in found["fields"]}
    _refuse_other_types(client, spec, present)
    missing = [_field(name, field, ids) for name, field in spec.fields.items() if name not in present]
    indexes = [statement for name, statement in spec.indexes.items() if not any(name in i for i in found["indexes"])]
    cascading = [_cascading(field, spec.fields.get(field["name"], {})) for field in found["fields"]]
    if not missing and not indexes and cascading == found["fields"]:
        return found
    # The lists are replaced as a whole, so what is there goes along.
    body = {"fields": [*cascading, *missing], "indexes": [*found["indexes"], *indexes]}
    migrated: dict[str, Any] = client.send("PATCH", f"/api/collections/{spec.name}", body=body)
    return migrated


def _refuse_other_types(
    client: PocketBaseClient, spec: CollectionSpec, present: Mapping[str, Mapping[str, Any]]
) -> None:
    for name, field in spec.fields.items():
        if name in present and present[name]["type"] != field["type"]:
            raise UserError(
                f"PocketBase at {client.shown_url}: field {spec.name}.{name} is of type {present[name]['type']}, "
                f"expected {field['type']}; rename or delete it in the server's dashboard"
            )


def _field(name: str, field: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    resolved = {"name": name, **field}
    if "collectionId" in resolved:
        resolved["collectionId"] = ids[resolved["collectionId"]]
    return resolved


def _cascading(field: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    # Removing an issue relies on it: evidence without its issue must not stay.
    return {**field, "cascadeDelete": True} if wanted.get("cascadeDelete") else field
