"""Who posts where in the sample corpus: invented names, ids and addresses.

Belongs here: authors that are no real people's accounts, ids beyond those that the sites have given out.
Does not belong here: what is posted (``corpus_posts``).
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from random import Random

from painpoint_platform.sample.corpus_problems import read_data

MOST_ITEMS_A_DAY = 20_000
_FIRST_DAY = date(2025, 1, 1)
_ISSUES_A_DAY = 400  # of one repository, in the largest day
_NAMES = read_data("voices.toml")["names"]


def author_name(source: str, rng: Random) -> str:
    """Return an invented user name in the manner of ``source``; of more than two million, so that two seldom meet."""
    mood, thing, number = rng.choice(_NAMES["moods"]), rng.choice(_NAMES["things"]), rng.randrange(2000)
    if source == "reddit":
        return f"{mood.title()}-{thing.title()}-{number:04d}"
    if source == "github":
        return f"{mood}{thing}-{number}"
    if source == "stackoverflow":
        return f"{mood} {thing} {number}"
    return f"{thing[:4]}{mood[:3]}{number}"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def _slug(title: str, separator: str) -> str:
    words = re.findall(r"[a-z0-9]+", title.lower())
    return separator.join(words[:8]) or "post"


@dataclass(frozen=True, slots=True)
class Address:
    """An item's id at its source and its URL there."""

    source_item_id: str
    url: str


class AddressBook:
    """Gives out ids of one day, in the order in which they are asked for; none occurs twice, on no day.

    Numbers lie far above those that the sites had reached in 2025, and the repositories are invented, so that no URL is
    somebody's real post.

    Args:
        day: on or after 2025-01-01.

    Raises:
        ValueError: ``day`` is earlier.
    """

    def __init__(self, day: date) -> None:
        days = (day - _FIRST_DAY).days
        if days < 0:
            raise ValueError(f"the sample's ids begin on {_FIRST_DAY}, which is after {day}")
        self._serial = days * MOST_ITEMS_A_DAY
        self._issues = defaultdict[str, int](lambda: 100 + days * _ISSUES_A_DAY)

    def next(self, source: str, channel: str, title: str) -> Address:
        """Return the next address at ``source``; ``channel`` as in `SampleItem`."""
        if source == "github":
            self._issues[channel] += 1
            number = self._issues[channel]
            return Address(f"{channel}#{number}", f"https://github.com/{channel}/issues/{number}")
        self._serial += 1
        serial = self._serial
        if source == "stackoverflow":
            question = 900_000_000 + serial
            return Address(str(question), f"https://stackoverflow.com/questions/{question}/{_slug(title, '-')}")
        if source == "reddit":
            post = _base36(36**7 - 36**6 + serial)
            return Address(post, f"https://www.reddit.com/r/{channel}/comments/{post}/{_slug(title, '_')}/")
        story = 900_000_000 + serial
        return Address(str(story), f"https://news.ycombinator.com/item?id={story}")
