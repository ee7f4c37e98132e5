"""A training run as a folder: corpus, split and features of one training, each with what it was made from.

Belongs here: names of the files, writing and reading them, the manifest, and the steps that all variables share. Does
not belong here: training a variable (``variable_training``), the warehouse (``perception_steps``).

    artifacts/perception/<corpus>/<run_id>/
      manifest.json        data hash, seed, versions, and of each step what it made
      corpus.parquet       the labelled texts
      splits.parquet       part and fold of each text
      features_train.npy   and tune, test: a row a text
      oof/<variable>/      out-of-fold scores of each base model
      models/              <variable>_final_accepted or _pending, and <variable>.html, the report
      search.sqlite        trials; a killed search goes on
    artifacts/perception/<corpus>/current/
      <variable>.json      the run that trained it last, whose model scores items

The run id follows from the data, the settings and the encoder: the same training has the same folder, and a step that
is there already is not done again.
"""

import hashlib
import importlib.metadata
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.folders import locked
from painpoint_platform.perception.corpora.adapters import Scale
from painpoint_platform.perception.corpora.corpus import Corpus, read_corpus, write_corpus
from painpoint_platform.perception.corpora.leak_audit import audit, require_no_leaks
from painpoint_platform.perception.corpora.splits import PARTS, Splits, split_corpus
from painpoint_platform.perception.features.text_features import Features, text_features
from painpoint_platform.perception.settings_file import PerceptionSettings
from painpoint_platform.progress import Progress
from painpoint_platform.text.embeddings import Embedder

# Raised when the same corpus and settings would give other files.
RUN_FORMAT = 1
SYNTHETIC = "synthetic"
_LIBRARIES = ("painpoint-platform", "numpy", "polars", "lightgbm", "scikit-learn", "optuna")
_STEPS = "steps"


@dataclass(frozen=True)
class TrainingRun:
    """Where a training's files lie.

    Attributes:
        corpus: name of the corpus.
        run_id: twelve hexadecimal digits.
        folder: of this run.
        models: folder of the finished models.
    """

    corpus: str
    run_id: str
    folder: Path
    models: Path

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What ``manifest.json`` says.

        Raises:
            UserError: it cannot be read.
        """
        return _read_json(self.folder / "manifest.json")

    def step(self, name: str) -> Mapping[str, Any]:
        """Return what a step left in the manifest.

        Raises:
            UserError: the step was not done.
        """
        path = self.folder / _STEPS / f"{name}.json"
        if not path.exists():
            raise UserError(f"{self.folder}: step {name} was not done yet; materialise what comes before")
        return _read_json(path)

    def finish(self, name: str, found: Mapping[str, Any]) -> None:
        """Record a step: in a file of its own, so that variables trained at once do not overwrite each other.

        Raises:
            UserError: a file cannot be written or read.
        """
        with alone(self.folder / _STEPS) as kept:
            _write_json(kept / f"{name}.json", found)
            steps = {path.stem: _read_json(path) for path in sorted(kept.glob("*.json"))}
            _write_json(self.folder / "manifest.json", steps.pop("run") | {"steps": steps} if "run" in steps else steps)

    def make_current(self, variable: str) -> None:
        """Have this run's model of a variable score items; one that was trained into another folder never does."""
        if self.models.parent != self.folder:
            return
        _write_json(_current(self.folder.parent) / f"{variable}.json", {"run_id": self.run_id})

    def is_done(self, name: str) -> bool:
        """Whether a step was finished."""
        return (self.folder / _STEPS / f"{name}.json").exists()


@contextmanager
def alone(folder: Path, *, wait: bool = True) -> Iterator[Path]:
    """Make a folder of a run and yield it to one process at a time.

    Raises:
        UserError: it cannot be made.
        BlockingIOError: another process is there, and it is not to be waited for.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made ({error.strerror}); choose another ARTIFACTS_DIR") from None
    with locked(folder, wait=wait):
        yield folder


def corpus_name(path: Path | None) -> str:
    """Return the name that a corpus has in folders and tables: its file's, or ``synthetic``."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", path.stem) if path else SYNTHETIC


def begin_run(
    corpus: Corpus, *, name: str, root: Path, settings: PerceptionSettings, encoder_version: str,
    models: Path | None = None,
) -> TrainingRun:  # fmt: skip
    """Open the folder of a training and put the corpus there.

    Args:
        corpus: labelled texts.
        name: of the corpus.
        root: ``ARTIFACTS_DIR/perception``.
        settings: budgets, ranges and thresholds.
        encoder_version: ``Embedder.version``.
        models: where finished models go; default in the run's folder.

    Raises:
        UserError: the folder cannot be written.
    """
    facts = (RUN_FORMAT, corpus.sha256, settings.model_dump_json(), encoder_version)
    run_id = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    folder = root / name / run_id
    run = TrainingRun(name, run_id, folder, models or folder / "models")
    _require_room(run.models)
    with alone(folder):
        if run.is_done("corpus"):
            return run
        write_corpus(corpus, folder / "corpus.parquet")
        run.finish(
            "run",
            {
                "format": RUN_FORMAT,
                "run_id": run_id,
                "corpus": name,
                "source": corpus.source,
                "data_sha256": corpus.sha256,
                "seed": settings.seed,
                "encoder_version": encoder_version,
                "versions": {library: importlib.metadata.version(library) for library in _LIBRARIES},
            },
        )
        run.finish("corpus", _corpus_facts(corpus))
    return run


def _require_room(models: Path) -> None:
    """Refuse a folder that no model can be written to, before hours went into one."""
    place = next(place for place in (models.absolute(), *models.absolute().parents) if place.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        problem = "cannot be written to" if place.is_dir() else "is a file, no folder"
        raise UserError(f"{models}: no models can be kept there, {place} {problem}; choose another folder")


def run_at(root: Path, corpus: str, run_id: str) -> TrainingRun:
    """Return the run of that id below ``root`` (``ARTIFACTS_DIR/perception``), without looking whether it is there."""
    folder = root / corpus / run_id
    return TrainingRun(corpus, run_id, folder, folder / "models")


def current_runs(root: Path, corpus: str) -> dict[str, TrainingRun]:
    """Return by variable the run that trained it last; empty where nothing was trained on this corpus.

    Raises:
        UserError: a file that says so cannot be read.
    """
    told = sorted(_current(root / corpus).glob("*.json"))
    return {path.stem: run_at(root, corpus, _read_json(path)["run_id"]) for path in told}


def corpus_of_run(run: TrainingRun) -> Corpus:
    """Read the run's corpus back."""
    told, whole = run.step("corpus"), read_corpus(run.folder / "corpus.parquet")
    return replace(
        whole,
        source=told["source"],
        sha256=told["sha256"],
        adapter=told["adapter"],
        derived=tuple(told["derived"]),
        scales={name: Scale(**scale) for name, scale in told["scales"].items()},
    )


def split_run(run: TrainingRun, corpus: Corpus, settings: PerceptionSettings) -> Splits:
    """Deal the corpus's rows, and prove that nothing leaks.

    Raises:
        UserError: too few authors, or an embargo that leaves a part empty.
        DataContractError: something leaks; its check is ``no_leaks``.
    """
    chosen = settings.splits
    splits = split_corpus(
        corpus, seed=settings.seed, fractions=chosen.fractions, embargo_days=chosen.embargo_days, folds=chosen.folds,
        ordered_by_time=chosen.ordered_by_time,
    )  # fmt: skip
    leaks = audit(corpus, splits)
    require_no_leaks(leaks)
    with alone(run.folder):
        if run.is_done("splits"):
            return splits
        with replacing(run.folder / "splits.parquet") as file:
            splits.frame.write_parquet(file)
        run.finish(
            "splits",
            {
                "kind": splits.kind,
                "folds": splits.folds,
                "embargo_days": splits.embargo.days,
                "boundaries": [str(boundary) for boundary in splits.boundaries],
                "counts": dict(splits.counts),
                "notes": list(splits.notes),
                "leaks": [str(leak) for leak in leaks],
            },
        )
    return splits


def featurise_run(
    run: TrainingRun, corpus: Corpus, splits: Splits, embedder: Embedder, progress: Progress | None = None
) -> dict[str, Features]:
    """Return the features of each part that has rows; read back where they were computed before.

    Raises:
        UserError: the file of a part is damaged or cannot be written.
    """
    with alone(run.folder):
        if not run.is_done("features"):
            _featurise(run, splits, corpus, embedder, progress)
    return _kept_features(run)


def _featurise(run: TrainingRun, splits: Splits, corpus: Corpus, embedder: Embedder, progress: Progress | None) -> None:
    # One pass over all parts: progress then counts to the end once.
    rows = {part: splits.rows(corpus, part) for part in PARTS}
    texts = pl.concat([frame.select("text") for frame in rows.values()])["text"].to_list()
    whole = text_features(texts, embedder=embedder, encoded=embedder.encode(texts, progress=progress))
    ends = np.cumsum([frame.height for frame in rows.values()])
    blocks = dict(zip(rows, np.split(whole.matrix, ends[:-1]), strict=True))
    files = {}
    for part, block in blocks.items():
        path = run.folder / f"features_{part}.npy"
        with replacing(path) as file:
            np.save(file, block, allow_pickle=False)
        files[path.name] = {"rows": len(block), "sha256": _digest(path)}
    run.finish("features", {"names": list(whole.names), "encoder_version": embedder.version, "files": files})


def _current(corpus: Path) -> Path:
    return corpus / "current"


def _kept_features(run: TrainingRun) -> dict[str, Features]:
    told, found = run.step("features"), {}
    for name, file in told["files"].items():
        path = run.folder / name
        if not path.exists() or _digest(path) != file["sha256"]:
            raise UserError(f"{path}: is missing or damaged; delete {run.folder} and train again")
        if file["rows"]:
            part = path.stem.removeprefix("features_")
            found[part] = Features(tuple(told["names"]), np.load(path, allow_pickle=False))
    return found


def _corpus_facts(corpus: Corpus) -> dict[str, Any]:
    times = corpus.frame["timestamp"].drop_nulls()
    return {
        "source": corpus.source,
        "sha256": corpus.sha256,
        "adapter": corpus.adapter,
        "variables": list(corpus.variables),
        "derived": list(corpus.derived),
        "scales": {name: asdict(scale) for name, scale in corpus.scales.items()},
        "items": corpus.frame.height,
        "authors": corpus.frame["user_id"].n_unique(),
        "awaiting_review": int(corpus.frame["needs_review"].sum()),
        "first_at": str(times.min()) if len(times) else None,
        "last_at": str(times.max()) if len(times) else None,
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); delete {path.parent} and train again") from None
    return dict(content)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    with replacing(path) as file:
        file.write(json.dumps(content, indent=2, ensure_ascii=False).encode())
