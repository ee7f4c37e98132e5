"""What a few people should not have posted: invented credentials and contact details, and attempts to steer a model.

Belongs here: text planted so that redaction and the model's guards have something to find.
Does not belong here: finding it (``text.redaction``).

The credentials are put together at run time from random letters, so that none stands in the repository and none works.
"""

import string
from random import Random

from painpoint_platform.sample.corpus_posts import VOICES

_UPPER_AND_DIGITS = string.ascii_uppercase + string.digits
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits


def _letters(rng: Random, alphabet: str, count: int) -> str:
    return "".join(rng.choices(alphabet, k=count))


def confide(rng: Random) -> str:
    """Return a sentence that gives away a credential, an address or a number; documentation ranges only."""
    return rng.choice(
        (
            f"Key for the test account: AKIA{_letters(rng, _UPPER_AND_DIGITS, 16)}",
            f"(Yes, I know, token is ghp_{_letters(rng, _LETTERS_AND_DIGITS, 36)}, I'll rotate it.)",
            f"It fails with sk_live_{_letters(rng, _LETTERS_AND_DIGITS, 24)} as well as with the test key.",
            f"DSN is postgres://app:{_letters(rng, _LETTERS_AND_DIGITS, 12)}@db.example.internal/app if that helps.",
            f"Write to me: {rng.choice(('desk', 'ops', 'help'))}.{rng.randrange(90)}@example.com",
            f"You can call me on +1 202-555-01{rng.randrange(100):02d}.",
            f"Our exit address is 203.0.113.{rng.randrange(1, 255)}, please allow it.",
        )
    )


def inject(rng: Random) -> str:
    """Return a sentence that tries to give orders to whichever model reads the post."""
    return str(rng.choice(VOICES["injections"]))
