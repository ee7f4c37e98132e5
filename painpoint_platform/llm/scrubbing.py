"""Messages of others, made fit to be shown: no secret, no collected address.

Belongs here: masking in what servers and libraries say. Does not belong here: masking what is sent to them
(``text.redaction``).
"""

import os
import re
from collections.abc import Iterable

from painpoint_platform.text.redaction import redact

SECRET_VARIABLE = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$")
# Anything shorter would mask parts of ordinary words.
SHORTEST_SECRET = 6


def scrub(text: str, secrets: Iterable[str | None] = ()) -> str:
    """Mask these secrets and those in the environment, then whatever looks like a secret or an address."""
    found = {value for name, value in os.environ.items() if SECRET_VARIABLE.search(name.upper())}
    for secret in sorted({*found, *filter(None, secrets)}, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return redact(text).text
