"""How well predicted question-and-answer groups agree with reference groups.

Belongs here: reading the two files, the measures, and what they are computed over. Does not belong here: making groups
(``pairing``), printing scores (``cli``).

What is judged are the blocks that the reference knows, of the transcripts that both sides have. A block that the
prediction lacks counts as ungrouped, so nothing is gained by leaving it out; a block that only the prediction has
cannot be right or wrong. Both are listed, as are transcripts of one side only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.transcripts.json_files import read_json
from painpoint_platform.transcripts.records import QA_SECTION, is_qa, transcript_key
from painpoint_platform.wording import first_few

# transcript -> speaker_block_id -> group, None for a block without one.
Grouping: TypeAlias = Mapping[str, Mapping[str, str | None]]

# As segeval does: with a window of one block Pk would only compare neighbours.
SMALLEST_WINDOW: Final = 2
SHOWN_NAMES: Final = 3


@dataclass(frozen=True, slots=True)
class Measures:
    """Agreement over one transcript, or over all (micro averages: counts are summed, then divided).

    A *segment* is a run of neighbouring blocks with the same group, or of neighbouring blocks without one; a *boundary*
    lies between two segments. A *pair* is two blocks of one transcript in the same group; blocks without a group are
    in no pair. A measure without anything to judge (no pair on either side, one block only) is None.

    Attributes:
        blocks: blocks judged.
        reference_groups: groups in the reference.
        predicted_groups: groups in the prediction, of the blocks judged.
        pk: share of windows whose two ends are wrongly said to lie in the same segment or in different ones;
            0 is perfect. Beeferman, Berger & Lafferty (1999), Machine Learning 34. The window is half the reference's
            mean segment, at least ``SMALLEST_WINDOW`` blocks.
        window_diff: share of the same windows with a wrong number of boundaries; 0 is perfect. Pevzner & Hearst (2002),
            Computational Linguistics 28.
        exact_groups: share of the reference's groups whose blocks are exactly the blocks of one predicted group.
    """

    blocks: int
    reference_groups: int
    predicted_groups: int
    pk: float | None
    window_diff: float | None
    boundary_precision: float | None
    boundary_recall: float | None
    boundary_f1: float | None
    pairwise_precision: float | None
    pairwise_recall: float | None
    pairwise_f1: float | None
    exact_groups: float | None


@dataclass(frozen=True, slots=True)
class Scores:
    """Agreement of two files of groups.

    Attributes:
        overall: over all blocks of all transcripts judged (micro average).
        by_transcript: each transcript judged, in the reference's order.
        only_in_predicted: transcripts that the reference lacks.
        only_in_reference: transcripts that the prediction lacks.
        blocks_only_in_predicted: by transcript, of those judged; empty lists are left out.
        blocks_only_in_reference: likewise.
    """

    overall: Measures
    by_transcript: Mapping[str, Measures]
    only_in_predicted: tuple[str, ...]
    only_in_reference: tuple[str, ...]
    blocks_only_in_predicted: Mapping[str, tuple[str, ...]]
    blocks_only_in_reference: Mapping[str, tuple[str, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able values, the overall measures at the top."""
        whole = asdict(self)
        return {"average": "micro", **whole.pop("overall"), **whole}


def read_groups(path: Path) -> Grouping:
    """Read groups from a reference or from an output of ``painpoint qa run``.

    A reference is one object: transcript -> block id -> group or null. An output is an envelope with ``records``, or a
    plain list of records, each with ``qa_group_id``; records outside the question-and-answer section are passed over.

    Raises:
        UserError: the file cannot be read, is of neither kind, or holds a group that is none; says where.
    """
    found = read_json(path)
    if isinstance(found, dict) and isinstance(found.get("records"), list):
        found = found["records"]
    if isinstance(found, list):
        return _groups_of_records(path, found)
    if isinstance(found, dict) and found and all(isinstance(blocks, dict) for blocks in found.values()):
        return {
            name: {block: _label(group, f"{path}: {name}, block {block}") for block, group in blocks.items()}
            for name, blocks in found.items()
        }
    raise UserError(
        f"{path}: holds no groups; expected the output of `painpoint qa run`, or a reference: one object of transcript "
        "-> speaker_block_id -> group or null"
    )


def _groups_of_records(path: Path, records: Iterable[Any]) -> Grouping:
    groups: dict[str, dict[str, str | None]] = {}
    for index, record in enumerate(records):
        where = f"{path}: record {index}"
        if not isinstance(record, dict) or "qa_group_id" not in record:
            raise UserError(f"{where}: has no qa_group_id; give the file that `painpoint qa run` wrote, not its input")
        group = _label(record["qa_group_id"], where)
        name, block = transcript_key(record), record.get("speaker_block_id")
        if group is not None and (not name or block is None):
            raise UserError(f"{where}: is in group {group}, but has no filename (or ticker and event_id) and block id")
        if not name:
            continue
        blocks = groups.setdefault(name, {})
        if block is None or not is_qa({"section_type": QA_SECTION} | record):
            continue
        if (earlier := blocks.setdefault(str(block), group)) != group:
            raise UserError(
                f"{where}: block {block} has qa_group_id {group or 'null'}, but {earlier or 'null'} in an earlier "
                "record; all paragraphs of a block belong to one group"
            )
    return groups


def _label(group: Any, where: str) -> str | None:
    if group is None or (isinstance(group, str) and group):
        return group
    if isinstance(group, int | float) and not isinstance(group, bool) and group == int(group):
        return str(int(group))  # a table that had nulls may have written 1 as 1.0
    raise UserError(f"{where}: group {group!r} is none; expected a whole number, a name, or null")


def evaluate(predicted: Grouping, reference: Grouping) -> Scores:
    """Compare predicted groups with reference groups.

    Args:
        predicted: transcript -> block id -> group, None for a block without one.
        reference: likewise; ids of groups need not be the same as in ``predicted``.

    Raises:
        UserError: no transcript, or no block of any, stands in both.
    """
    shared = [transcript for transcript in reference if transcript in predicted]
    if not any(reference[transcript].keys() & predicted[transcript].keys() for transcript in shared):
        raise UserError(_nothing_in_common(predicted, reference, shared))
    judged = _judged_blocks(predicted, reference, shared)
    counts = _counts(judged)
    # A transcript whose reference knows no block has nothing to be judged.
    by_name = {row.pop("transcript"): row for row in counts.to_dicts()}
    totals = counts.drop("transcript").sum().row(0, named=True)
    return Scores(
        overall=_measures(totals),
        by_transcript={name: _measures(by_name[name]) for name in shared if name in by_name},
        only_in_predicted=tuple(name for name in predicted if name not in reference),
        only_in_reference=tuple(name for name in reference if name not in predicted),
        blocks_only_in_predicted=_missing(predicted, reference, shared),
        blocks_only_in_reference=_missing(reference, predicted, shared),
    )


def _missing(there: Grouping, here: Grouping, shared: list[str]) -> dict[str, tuple[str, ...]]:
    found = {name: tuple(block for block in there[name] if block not in here[name]) for name in shared}
    return {name: blocks for name, blocks in found.items() if blocks}


def _judged_blocks(predicted: Grouping, reference: Grouping, shared: list[str]) -> pl.DataFrame:
    """Return a row a block: transcript, predicted, reference, and whether a segment of either ends before it.

    Blocks stand in the order of their numbers; ids that are no numbers keep the reference's order.
    """
    rows = [
        (name, block, predicted[name].get(block), group) for name in shared for block, group in reference[name].items()
    ]
    schema = {"transcript": pl.String, "block": pl.String, "predicted": pl.String, "reference": pl.String}
    number = pl.col("block").cast(pl.Int64, strict=False)
    ordered = (
        pl.DataFrame(rows, schema=schema, orient="row")
        .with_row_index("place")
        .with_columns(
            pl.when(number.is_not_null().all().over("transcript")).then(number).otherwise("place").alias("at")
        )
        .sort("transcript", "at", "place")
    )
    return ordered.with_columns(
        # None before a transcript's first block, which nothing precedes.
        pl.when(pl.int_range(pl.len()).over("transcript") > 0)
        .then(pl.col(side).ne_missing(pl.col(side).shift(1)))
        .alias(f"{side}_boundary")
        for side in ("predicted", "reference")
    )


def _counts(judged: pl.DataFrame) -> pl.DataFrame:
    """Return a row a transcript: the counts that every measure is a ratio of."""
    boundary = {side: pl.col(f"{side}_boundary").fill_null(value=False) for side in ("predicted", "reference")}
    whole = judged.group_by("transcript").agg(
        blocks=pl.len(),
        reference_groups=pl.col("reference").drop_nulls().n_unique(),
        predicted_groups=pl.col("predicted").drop_nulls().n_unique(),
        boundaries_found=(boundary["predicted"] & boundary["reference"]).sum(),
        boundaries_predicted=boundary["predicted"].sum(),
        boundaries_reference=boundary["reference"].sum(),
    )
    return (
        whole.join(_pair_counts(judged), on="transcript")
        .join(_window_counts(judged), on="transcript")
        .with_columns(pl.exclude("transcript").cast(pl.Float64))
    )


def _pair_counts(judged: pl.DataFrame) -> pl.DataFrame:
    """Count pairs and exact groups from the sizes of groups and of their overlaps; no pair is ever looked at.

    The blocks that a predicted group shares with a reference group are a cell of the contingency table. A group is
    exact when its one cell is as large as both groups.
    """
    cells = judged.group_by("transcript", "predicted", "reference").agg(size=pl.len())
    cells = cells.with_columns(
        pl.col("size").sum().over("transcript", side).alias(f"{side}_size") for side in ("predicted", "reference")
    )
    both = pl.all_horizontal(pl.col("predicted", "reference").is_not_null())
    exact = both & (pl.col("size") == pl.col("predicted_size")) & (pl.col("size") == pl.col("reference_size"))
    return cells.group_by("transcript").agg(
        exact=exact.sum(),
        pairs_found=_pairs(pl.col("size").filter(both)),
        **{
            f"pairs_{side}": _pairs(
                pl.col(f"{side}_size").filter(pl.col(side).is_not_null() & pl.col(side).is_first_distinct())
            )
            for side in ("predicted", "reference")
        },
    )


def _pairs(sizes: pl.Expr) -> pl.Expr:
    wide = sizes.cast(pl.Int64)
    return (wide * (wide - 1) // 2).sum()


def _window_counts(judged: pl.DataFrame) -> pl.DataFrame:
    """Count windows, and those that Pk and WindowDiff find wrong."""
    from nltk.metrics.segmentation import pk, windowdiff

    marks = judged.group_by("transcript").agg(pl.col("reference_boundary", "predicted_boundary").drop_nulls())
    rows = []
    for transcript, reference, predicted in marks.iter_rows():
        blocks, segments = len(reference) + 1, sum(reference) + 1
        # Of blocks; between the two ends of a window lie as many places for a boundary.
        window = min(max(round(blocks / segments / 2), SMALLEST_WINDOW), len(reference))
        windows = len(reference) - window + 1 if reference else 0
        wrong = [
            round(windows * measure(reference, predicted, window, boundary=True)) if windows else 0
            for measure in (pk, windowdiff)
        ]
        rows.append((transcript, windows, *wrong))
    return pl.DataFrame(rows, schema=["transcript", "windows", "pk_wrong", "window_diff_wrong"], orient="row")


def _measures(counts: Mapping[str, float]) -> Measures:
    return Measures(
        blocks=int(counts["blocks"]),
        reference_groups=int(counts["reference_groups"]),
        predicted_groups=int(counts["predicted_groups"]),
        pk=_share(counts["pk_wrong"], counts["windows"]),
        window_diff=_share(counts["window_diff_wrong"], counts["windows"]),
        **_precision_recall_f1("boundary", "boundaries", counts),
        **_precision_recall_f1("pairwise", "pairs", counts),
        exact_groups=_share(counts["exact"], counts["reference_groups"]),
    )


def _precision_recall_f1(name: str, things: str, counts: Mapping[str, float]) -> dict[str, float | None]:
    found, predicted, reference = (counts[f"{things}_{part}"] for part in ("found", "predicted", "reference"))
    return {
        f"{name}_precision": _share(found, predicted),
        f"{name}_recall": _share(found, reference),
        f"{name}_f1": _share(2 * found, predicted + reference),
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _nothing_in_common(predicted: Grouping, reference: Grouping, shared: list[str]) -> str:
    if not shared:
        return (
            f"the two files have no transcript in common: predicted has {_some(predicted)}, the reference has "
            f"{_some(reference)}; give the reference of the same calls (transcripts are named by filename, else by "
            "ticker and event_id)"
        )
    name = shared[0]
    return (
        f"the two files have no block in common: of {name}, predicted has {_some(predicted[name])}, the reference has "
        f"{_some(reference[name])}; the reference must name blocks by speaker_block_id"
    )


def _some(names: Mapping[str, object]) -> str:
    return first_few(list(names), most=SHOWN_NAMES) or "nothing"
