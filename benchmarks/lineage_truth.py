"""How well a lineage tells what really happened to the topics of a stream.

Belongs here: events as lineage tells them, against the script's. Does not belong here: the stream (``issue_stream``),
measuring (``lineage``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from benchmarks.issue_stream import Event, Kind, Stream

# An event may be told a day early or late: a topic's first or last posts can be too few for a cluster.
TOLERANCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EventScore:
    """Counts of events; ``f1`` is the harmonic mean of precision and recall."""

    told: int
    true: int
    right: int

    @property
    def f1(self) -> float:
        """2 right / (told + true)."""
        return 2 * self.right / max(self.told + self.true, 1)


def told_events(stream: Stream, lineage: pl.DataFrame) -> list[Event]:
    """Return the events that a lineage tells, in the words of the script.

    Args:
        stream: for its days.
        lineage: a row a cluster: cluster_date, issue_key, relation, previous_keys, topic (of most of its posts, null
            for noise).
    """
    first, last = lineage["cluster_date"].min(), lineage["cluster_date"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    # A cluster in the noise is the clustering's mistake; nothing that becomes of it is an event of the script.
    known = lineage.drop_nulls("topic")
    # What an issue was about, day by day: parts of a split and of a merge are named by what they were.
    topic_of = {(day, key): topic for day, key, topic in known.select("cluster_date", "issue_key", "topic").iter_rows()}
    events = set[Event]()
    for row in known.filter(pl.col("cluster_date") > first).iter_rows(named=True):
        day = row["cluster_date"]
        match row["relation"]:
            case "new":
                events.add(Event(day, "new", (row["topic"],)))
            case "splits":
                siblings = [topic_of.get((day, key)) for key in row["previous_keys"]]
                events.add(Event(day, "splits", tuple(sorted({row["topic"], *filter(None, siblings)}))))
            case "merges":
                parts = {_last_topic(topic_of, key, day) for key in row["previous_keys"]}
                events.add(Event(day, "merges", tuple(sorted(filter(None, parts)))))
    merged = {key for row in known.filter(pl.col("relation") == "merges")["previous_keys"] for key in row}
    ends = known.sort("cluster_date").group_by("issue_key", maintain_order=True).last()
    for key, day, topic in ends.select("issue_key", "cluster_date", "topic").iter_rows():
        # Issues come back after a day with too few posts: an end is told once two days have gone by.
        if day < last - timedelta(days=1) and key not in merged:
            events.add(Event(day + timedelta(days=1), "ends", (topic,)))
    return sorted(events, key=lambda event: (event.day, event.kind, event.topics))


def _last_topic(topic_of: Mapping[tuple[date, str], str], key: str, day: date) -> str | None:
    """Return what an issue was about when it was seen last before a day: it may have been too small the day before."""
    return max(
        ((seen, topic) for (seen, of), topic in topic_of.items() if of == key and seen < day), default=(day, None)
    )[1]


def score_events(stream: Stream, lineage: pl.DataFrame) -> Mapping[Kind | str, EventScore]:
    """Compare the events that a lineage tells with the script's, by kind and in all.

    An event is right if kind and topics are those of one that is true on that day, or a day before or after; each true
    event is told once.
    """
    told, left = told_events(stream, lineage), list(stream.events)
    right = []
    for event in told:
        match = next((e for e in left if (e.kind, e.topics) == (event.kind, event.topics)
                      and abs(e.day - event.day) <= TOLERANCE), None)  # fmt: skip
        if match:
            left.remove(match)
            right.append(event)
    kinds: tuple[Kind, ...] = ("new", "ends", "splits", "merges")
    scores: dict[Kind | str, EventScore] = {
        kind: EventScore(*(sum(e.kind == kind for e in events) for events in (told, stream.events, right)))
        for kind in kinds
    }
    scores["all"] = EventScore(len(told), len(stream.events), len(right))
    return scores
