"""What a published issue and a published piece of evidence look like.

Belongs here: record ids, the fields sent, the hash that decides whether something changed, redaction of what leaves the
machine. Does not belong here: which issues are published (``plan``), how they are sent (``pocketbase_*``).
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from yarl import URL

from painpoint_platform.text.redaction import redact

ISSUES = "issues"
EVIDENCE = "issue_evidence"

# Part of every hash: raising it sends everything once more, as a change of redaction or of the fields' meaning needs.
PAYLOAD_VERSION = 1

_ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 15  # PocketBase's own ids: exactly 15 of [a-z0-9]
_FREE_TEXT = ("title", "description", "snippet")


def issue_record_id(issue_key: str) -> str:
    """Return the PocketBase record id of an issue: the same for the same key, for ever."""
    return _record_id(ISSUES, issue_key)


def evidence_record_id(issue_key: str, url_hash: str) -> str:
    """Return the PocketBase record id of one evidence item of one issue."""
    return _record_id(EVIDENCE, issue_key, url_hash)


def _record_id(*parts: str) -> str:
    # 36^15 is 77 bits: among ten million records two share an id with a chance of 2 in 10^10.
    number = int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest())
    digits = []
    for _ in range(_ID_LENGTH):
        number, digit = divmod(number, len(_ID_ALPHABET))
        digits.append(_ID_ALPHABET[digit])
    return "".join(digits)


def issue_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the ``issues`` collection for one row of the plan's issue frame; free text unredacted."""
    return {
        "issue_key": row["issue_key"],
        "title": row["canonical_title"],
        "category": row["category"],
        "description": row["description"],
        "would_pay": row["would_pay_signal"],
        "impact_level": row["impact_level"],
        "impact_score": _finite(row["impact_score"]),
        "cluster_size": row["cluster_size"],
        "evidence_count": row["evidence_count"],
        "sources": {entry["source"]: entry["count"] for entry in row["sources"]},
        "first_seen": _timestamp(row["first_seen"]),
        "last_seen": _timestamp(row["last_seen"]),
        "model": row["model"],
    }


def evidence_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the ``issue_evidence`` collection for one row of gold; text unredacted."""
    return {
        "issue": issue_record_id(row["issue_key"]),
        "url": _without_credentials(row["url"]),
        "title": row["title"],
        "snippet": row["snippet"],
        "source": row["source"],
        "created_at": _timestamp(row["created_at"]),
        "votes": row["vote_count"],
        "comments": row["comment_count"],
    }


def payload_hash(fields: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the fields as canonical JSON, taken *before* redaction.

    Redaction is a function of the text, so equal hashes mean equal payloads, and a day that did not change is
    recognised without redacting it again, which costs more than everything else here.
    """
    canonical = json.dumps(
        [PAYLOAD_VERSION, fields], sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def redact_fields(fields: Mapping[str, Any], masked: Counter[str]) -> dict[str, Any]:
    """Return the fields with their free text redacted; what was masked is added to ``masked`` by kind.

    The URL stays whole but for credentials in it: it is what proves the evidence, and a question's number is no phone
    number.
    """
    clean = dict(fields)
    for name in _FREE_TEXT:
        if text := clean.get(name):
            redaction = redact(text)
            masked.update(redaction.counts)
            clean[name] = redaction.text
    return clean


def _without_credentials(url: str) -> str:
    try:
        parsed = URL(url)
        return str(parsed.with_user(None)) if parsed.raw_user or parsed.raw_password else url
    except ValueError:
        return url


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _timestamp(moment: date | datetime) -> str:
    # PocketBase's date format; the warehouse's timestamps are UTC without a zone.
    if isinstance(moment, datetime):
        return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    return f"{moment:%Y-%m-%d} 00:00:00.000Z"
