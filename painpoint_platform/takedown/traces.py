"""Finding any longer stretch of given texts in any bytes, however many texts, in one pass.

Belongs here: the search. Does not belong here: which texts are looked for (``target``), where (``proof``, the stores).

How: every window of ``WINDOW`` bytes of the texts, at every position, is hashed into a table; of the searched bytes
only every ``WINDOW``-th window is looked up. A common stretch of ``LONGEST_MISSED + 1`` bytes always holds one of those
whole, wherever it begins; each find is then extended to both sides and counts when it is that long. Texts that are
shorter are searched for whole.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from mmap import mmap

import numpy as np
import numpy.typing as npt

WINDOW = 16
LONGEST_MISSED = 2 * WINDOW - 2
# A text of fewer bytes says too little to be anybody's.
SHORTEST_TEXT = 12
# Rules, padding and indentation are nobody's words.
_FEWEST_DISTINCT_BYTES = 6
_BY_CHANCE = 4
_TABLE_BITS = 20
_CHUNK = 1 << 24

Bytes = bytes | mmap
Hashes = npt.NDArray[np.uint64]
_FIRST_HALF, _SECOND_HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of the searched bytes, ``[start, end)``, that is also in one of the texts."""

    start: int
    end: int
    stretch: bytes

    @property
    def text(self) -> str:
        """The stretch as a person reads it."""
        return self.stretch.decode("utf-8", "replace")


class Traces:
    """Texts to be looked for, as UTF-8 and as JSON writes them.

    Args:
        texts: any number; empty and very short ones (``SHORTEST_TEXT`` bytes) are passed over.
        shared: whether a stretch, which is a whole text or a part of one, is also in what may stay; asked once a
            stretch. What everybody writes, such as the headings of an issue form, is no trace of one post.
    """

    def __init__(self, texts: Iterable[str], *, shared: Callable[[str, bool], bool] = lambda *_: False) -> None:
        written = {form for text in texts for form in _written_forms(text) if len(form) >= SHORTEST_TEXT}
        self._long = sorted(form for form in written if len(form) > LONGEST_MISSED)
        self._short = sorted(written.difference(self._long))
        self._whole = frozenset(written)
        self.is_shared = shared
        self._judged: dict[bytes, bool] = {}

    def __bool__(self) -> bool:
        return bool(self._long or self._short)

    def find(self, data: Bytes) -> Iterator[Found]:
        """Yield every trace in ``data``, those of the long texts first; overlapping ones may be yielded twice."""
        for found in self._stretches(data):
            if not self._shared(found.stretch):
                yield found

    def first(self, data: Bytes) -> Found | None:
        """Return some trace, or None when there is none."""
        return next(self.find(data), None)

    def _shared(self, stretch: bytes) -> bool:
        if stretch not in self._judged:
            # Of a stretch as JSON writes it, the longest part that is written the same way everywhere.
            plain = max(stretch.decode("utf-8", "ignore").split("\\"), key=len)
            # In a file, cells lie side by side, and their neighbours may go on like the text by chance; not where the
            # whole text is there, of which the last figure may be all that tells two addresses apart.
            whole = stretch in self._whole
            forms = (plain,) if whole else (plain, plain[_BY_CHANCE:-_BY_CHANCE])
            self._judged[stretch] = any(len(form) >= SHORTEST_TEXT and self.is_shared(form, whole) for form in forms)
        return self._judged[stretch]

    def _stretches(self, data: Bytes) -> Iterator[Found]:
        last_end = -1
        for position in self._candidates(data) if self._long else ():
            if position < last_end:
                continue
            for text, offset in self._windows.get(data[position : position + WINDOW], ()):
                found = _extended(data, position, text, offset)
                if found.end - found.start > LONGEST_MISSED:
                    last_end = max(last_end, found.end)
                    yield found
        for text in self._short:
            position = data.find(text)
            while position >= 0:
                yield Found(position, position + len(text), text)
                position = data.find(text, position + len(text))

    def _candidates(self, data: Bytes) -> Iterator[int]:
        """Positions whose window may be one of the texts', in order; a chunk at a time, to keep memory small."""
        for start in range(0, len(data), _CHUNK):
            chunk = data[start : start + _CHUNK]
            hashes = _hashes(np.frombuffer(chunk, np.uint8, len(chunk) // WINDOW * WINDOW))
            # A look into the table is cheap and right nine times in ten; only what it lets through is compared.
            likely = np.flatnonzero(self._table[_slot(hashes)])
            known = likely[np.isin(hashes[likely], self._known)]
            yield from (start + WINDOW * int(index) for index in known)

    @cached_property
    def _windows(self) -> dict[bytes, list[tuple[bytes, int]]]:
        """Window -> where it stands: the text and the offset in it, once a text."""
        places: dict[bytes, list[tuple[bytes, int]]] = {}
        for text in self._long:
            for offset in range(len(text) - WINDOW + 1):
                window = text[offset : offset + WINDOW]
                if len(set(window)) < _FEWEST_DISTINCT_BYTES:
                    continue
                known = places.setdefault(window, [])
                if not any(other is text for other, _ in known):
                    known.append((text, offset))
        return places

    @cached_property
    def _known(self) -> Hashes:
        return _hashes(np.frombuffer(b"".join(self._windows), np.uint8))

    @cached_property
    def _table(self) -> npt.NDArray[np.bool_]:
        table = np.zeros(1 << _TABLE_BITS, dtype=np.bool_)
        table[_slot(self._known)] = True
        return table


def _written_forms(text: str) -> Iterator[bytes]:
    """Yield the text as files hold it: as it is, and inside JSON with and without escapes."""
    stripped = text.strip()
    yield stripped.encode("utf-8", "replace")
    yield json.dumps(stripped)[1:-1].encode()
    yield json.dumps(stripped, ensure_ascii=False)[1:-1].encode("utf-8", "replace")


def _hashes(aligned: npt.NDArray[np.uint8]) -> Hashes:
    """One hash for each ``WINDOW`` bytes: multiply and add, which wraps as it should."""
    halves = aligned.view("<u8").reshape(-1, 2)
    hashes: Hashes = np.multiply(halves[:, 0], _FIRST_HALF, dtype=np.uint64)
    hashes += np.multiply(halves[:, 1], _SECOND_HALF, dtype=np.uint64)
    return hashes


def _slot(hashes: Hashes) -> Hashes:
    return hashes >> np.uint64(64 - _TABLE_BITS)


def _extended(data: Bytes, position: int, text: bytes, offset: int) -> Found:
    """Extend a common window of data and text as far as both agree."""
    back = 0
    while back < min(position, offset) and data[position - back - 1] == text[offset - back - 1]:
        back += 1
    ahead = WINDOW
    most = min(len(data) - position, len(text) - offset)
    while ahead < most and data[position + ahead] == text[offset + ahead]:
        ahead += 1
    return Found(position - back, position + ahead, data[position - back : position + ahead])
