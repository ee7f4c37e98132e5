"""A report of a training that was never made: figures of planted rows, for the page and its pictures."""

from dataclasses import replace

import numpy as np
import polars as pl

from painpoint_platform.perception.learning.search import Candidate, SearchResult, Tried
from painpoint_platform.perception.measuring.ceilings import Ceiling
from painpoint_platform.perception.measuring.gates import judge_paths, judge_regression
from painpoint_platform.perception.measuring.path_metrics import confusion, path_metrics
from painpoint_platform.perception.numbers.baselines import comparison
from painpoint_platform.perception.numbers.evaluation import JudgedRows, part_report
from painpoint_platform.perception.numbers.training import TrainingReport
from painpoint_platform.perception.paths.hierarchy import EMOTIONS
from painpoint_platform.perception.paths.paths_evaluation import JudgedPaths, PathPartReport, f1_intervals
from painpoint_platform.perception.paths.paths_training import PathReport
from painpoint_platform.perception.reporting.report_tables import CorpusFacts
from painpoint_platform.perception.settings_file import load_settings
from painpoint_platform_tests.perception.judged_rows import judged_rows

SETTINGS = load_settings().model_copy(update={"bootstrap_rounds": 100})
FACTS = CorpusFacts(
    source="texts <of> friends.csv",
    sha256="ab" * 32,
    adapter="own",
    encoder="all-MiniLM-L6-v2/openvino-int8",
    seed=137,
    split="by_user",
    folds=5,
    rows={"train": 2_000, "tune": 600, "test": 300},
    purged={"embargo": 12, "duplicate_text": 3, "awaiting_review": 0},
    notes=("tune has few rows.",),
    versions={"numpy": "2.2", "lightgbm": "4.7"},
)
IMPORTANCE = pl.DataFrame(
    [
        ("embedding", "embedding", 384, 0.031), ("lexical_valence", "words", 1, 0.012),
        ("anchor_joy", "anchors", 1, 0.004), ("word_count", "words", 1, -0.0002),
    ],
    schema=["feature", "block", "columns", "rmse_increase"],
    orient="row",
)  # fmt: skip
CEILING = Ceiling(items=2_900, ratings=14_500, raters=5.0, single=0.2, reliability=0.5556)


def planted_report(variable: str = "valence", *, judged: JudgedRows | None = None) -> TrainingReport:
    """Return a report of ``judged``, by default of rows that are judged well."""
    judged = judged or judged_rows(240)
    noisy = np.clip(judged.score + np.random.default_rng(1).normal(0, 0.05, len(judged)), 0, 1)
    members = {"lexical": np.clip(noisy, 0.2, 0.8), "embedding": noisy}
    tune = part_report(judged, members, SETTINGS)
    test = part_report(judged_rows(90, seed=7), {}, SETTINGS)
    gates = judge_regression(
        variable, SETTINGS.variable(variable).gates, tune.calibrated, tune.by_length,
        best_base_rmse=min(tune.base_rmse.values()), ceiling=CEILING.pearson,
    )  # fmt: skip
    return TrainingReport(
        competitors={"lexical": {"ridge": 0.11, "trees": 0.10}, "embedding": {"ridge": 0.09, "svr": 0.085}},
        out_of_fold_rmse={"lexical": 0.10, "embedding": 0.085, "blend": 0.08},
        search=planted_search(),
        level=None,
        calibrations={"none": 0.084, "platt": 0.081, "isotonic": 0.0805},
        parts={"tune": tune, "test": test},
        gates=gates,
        blending="blending pays: RMSE 0.0800 beside 0.0850 of embedding alone (+5.9%)",
        seconds={"base models": 12.0, "search": 65.5},
    )


def planted_comparison(report: TrainingReport) -> pl.DataFrame:
    """Return the tuning rows' figures beside three baselines."""
    judged = report.parts["tune"].judged
    choices = np.random.default_rng(2)
    baselines = {
        "constant": np.full(len(judged), judged.constant),
        "vader": np.clip(judged.labels + choices.normal(0, 0.2, len(judged)), 0, 1),
        "ridge": np.clip(judged.labels + choices.normal(0, 0.12, len(judged)), 0, 1),
    }
    return comparison(judged, baselines, SETTINGS)


def hard_rows() -> JudgedRows:
    """Return rows of labels that hardly differ, on which a constant comes close, and none of them is long."""
    rows = judged_rows(240, error=0.05)
    labels = 0.5 + 0.08 * (rows.labels - 0.5)
    score = 0.5 + 0.04 * (rows.score - 0.5)
    lengths = np.where(rows.lengths == "LONG", "SHORT", rows.lengths)
    return replace(rows, labels=labels, score=score, before=score, low=score - 0.05, high=score + 0.05, lengths=lengths)


def planted_path_report() -> PathReport:
    """Return a report of emotions of which every fourth is taken for the next in the alphabet."""
    choices = np.random.default_rng(3)
    tree = EMOTIONS
    labels = choices.integers(0, len(tree.paths), 240)
    predicted = np.where(np.arange(240) % 4, labels, (labels + 1) % len(tree.paths))
    paths = [[tree.paths[place] for place in places.tolist()] for places in (labels, predicted)]
    metrics = path_metrics(*paths, tree=tree.paths, trained=tree.paths)
    correct = (labels == predicted).astype(np.float64)
    before = np.clip(0.9 + 0.05 * choices.normal(0, 1, 240), 0, 1)
    users = np.arange(240).astype(np.str_)
    part = PathPartReport(
        metrics=metrics,
        constant=path_metrics(paths[0], [paths[0][0]] * 240, tree=tree.paths),
        by_length={"SHORT": metrics, "MEDIUM": metrics, "LONG": path_metrics([], [], tree=tree.paths)},
        intervals=f1_intervals(tree, labels, predicted, users, rounds=50),
        confusions=tuple(confusion(*paths, classes=nodes) for nodes in tree.nodes),
        calibration={"before": (0.15, 0.16), "after": (0.02, 0.03)},
        judged=JudgedPaths(*paths, before - 0.15, before, correct, users),
    )
    return PathReport(
        search=planted_search(),
        out_of_fold=metrics,
        temperature=1.7,
        cross_entropy={"before": 1.21, "after": 1.05},
        parts={"tune": part},
        gates=judge_paths("expressed", SETTINGS.variable("expressed").gates, metrics),
        seconds={"search": 12.0, "final fit": 1.5},
    )


def planted_search() -> SearchResult:
    """Return twelve trials, the seventh the best."""
    trials = tuple(
        Tried(Candidate("kernel" if number % 3 else "trees", {"gamma": 0.1 * number}), 0.09 - 0.001 * (number % 7), 1.5)
        for number in range(12)
    )
    return SearchResult(trials, stopped_early=True, taken_up=4)
