"""What the replies of both stages' models have in common.

Belongs here: the shape that strict decoders are shown, and text as every file takes it. Does not belong here: the
replies themselves (``course_clusters``, ``global_themes``).
"""

import re
from collections.abc import Mapping
from typing import Any

UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def strictly_shaped(computed: Mapping[str, str] | None = None) -> Any:
    """Return a ``json_schema_extra`` that asks for every field and no other, as strict decoders want it.

    What comes back is read more leniently.

    Args:
        computed: names and JSON types of fields that are documented and asked for, but computed here and never read.
    """

    def complete(schema: dict[str, Any]) -> None:
        schema["properties"] |= {name: {"type": kind} for name, kind in (computed or {}).items()}
        schema["required"] = list(schema["properties"])
        schema["additionalProperties"] = False

    return complete


def one_line(text: str) -> str:
    """Return ``text`` on one line without control characters and lone surrogates, which no file and no table takes."""
    return " ".join(UNSTORABLE.sub(" ", text).split())
