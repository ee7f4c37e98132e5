"""Models made ready for serving: one graph a precision, measured against the models before anything is written.

Belongs here: which models and texts go into an export, the order of the steps, the folder. Does not belong here: the
graph (``export_graph``), measuring (``export_measurement``), scoring with an export (``export_runtime``).

    export/
      export.json      format, models, versions, SHA-256 of every other file, and for each precision its device, parity
                       with the models, latency and size
      tokenizer.json   the encoder's
      int8/model.xml, int8/model.bin   the graph of a precision; a precision's folder may be left out of a copy
"""

import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from painpoint_platform.errors import UserError
from painpoint_platform.folders import replacing_folder
from painpoint_platform.perception.corpora.corpus import read_corpus, trainable
from painpoint_platform.perception.features.anchors import anchor_similarities
from painpoint_platform.perception.numbers.model import PerceptionModel
from painpoint_platform.perception.runs.bundle import Bundle
from painpoint_platform.perception.scoring.text_scores import score_texts
from painpoint_platform.perception.serving.export_encoder import PRECISIONS, PrecisionName, serving_encoder
from painpoint_platform.perception.serving.export_graph import build_export_graph
from painpoint_platform.perception.serving.export_measurement import Latency, latency, parity
from painpoint_platform.perception.serving.export_runtime import (
    FORMAT,
    GRAPH,
    MANIFEST,
    PARITY,
    TOKENIZER,
    Exported,
    is_export,
    opened,
    require_openvino,
)
from painpoint_platform.progress import Listener
from painpoint_platform.text.embeddings import Embedder
from painpoint_platform.text.minilm import DIMENSIONS, tokenizer_file

DEFAULT_PRECISIONS: tuple[PrecisionName, ...] = ("int8", "fp16")
MOST_ROWS = 1_000  # of a corpus that parity is measured on
_SEED = 137
_LIBRARIES = ("painpoint-platform", "openvino", "tokenizers", "numpy", "polars", "vaderSentiment")
# Scored again wherever the export is read. The project's own sentences; one of each length bucket, and what is odd.
_CHECK_TEXTS = (
    "The update deleted all my photos and support does not answer, I am furious!",
    "Thank you so much, this works beautifully. 😀",
    "The report lists the figures in a table. " * 9,
    "",
)


@dataclass(frozen=True, slots=True)
class ExportedGraph:
    """What was measured of one precision.

    Attributes:
        precision: of the graph.
        device: that it was measured on.
        parity: by variable, RMSE between its scores and the model's.
        parity_rows: texts that this is over.
        latency: in milliseconds.
        size_mb: all files that this precision needs, in millions of bytes.
    """

    precision: PrecisionName
    device: str
    parity: Mapping[str, float]
    parity_rows: int
    latency: Latency
    size_mb: float


@dataclass(frozen=True, slots=True)
class Export:
    """What was written.

    Attributes:
        folder: of the export.
        models: names of the models in it.
        graphs: one a precision.
        worse: why each precision that was left out was, in a sentence.
    """

    folder: Path
    models: tuple[str, ...]
    graphs: tuple[ExportedGraph, ...]
    worse: tuple[str, ...] = ()


class ParityError(UserError):
    """The scores of a precision are too far away from the models'."""


def exportable(bundles: Sequence[Bundle], variables: Sequence[str] = ()) -> tuple[list[Bundle], list[str]]:
    """Return the models that a graph can hold, and the names of the others.

    Args:
        bundles: of different variables.
        variables: those that are wanted; empty: all that can be exported.

    Raises:
        UserError: a wanted variable has no model, or one that no graph can hold; or no model can be exported.
    """
    by_variable = {bundle.model.variable: bundle for bundle in bundles}
    missing = [name for name in variables if name not in by_variable]
    if missing:
        raise UserError(f"there is no model of {missing[0]}; there are {', '.join(by_variable) or 'none'}")
    wanted = [by_variable[name] for name in variables or by_variable]
    chosen = [bundle for bundle in wanted if isinstance(bundle.model, PerceptionModel)]
    others = [bundle.name for bundle in wanted if bundle not in chosen]
    if others and (variables or not chosen):
        raise UserError(
            f"{', '.join(others)}: only scores of a text by itself can be exported, not classes and not what needs "
            "the author's past"
        )
    return chosen, others


def known_precisions(names: Sequence[str]) -> list[PrecisionName]:
    """Return the precisions of these names, each once, the smallest first.

    Raises:
        UserError: a name that is none.
    """
    unknown = sorted(set(names) - set(PRECISIONS))
    if unknown:
        raise UserError(f"--precision {unknown[0]}: is unknown; choose {', '.join(PRECISIONS)}")
    return [name for name in PRECISIONS if name in names]


def corpus_rows(bundles: Sequence[Bundle], corpus: Path | None = None) -> pl.DataFrame:
    """Return text and language of rows to measure on: of ``corpus``, else of the corpora that the models are from.

    Raises:
        UserError: a corpus cannot be read; says how to name another one.
    """
    sources = [corpus] if corpus else sorted({Path(str(bundle.manifest["corpus"])) for bundle in bundles})
    missing = [source for source in sources if not source.is_file()]
    if missing:
        raise UserError(
            f"{missing[0]}: the corpus that the models were trained on is not there to measure the export on; name a "
            "file of labelled texts with --corpus"
        )
    return pl.concat([trainable(read_corpus(source)).frame.select("text", "language") for source in sources])


def export_models(
    bundles: Sequence[Bundle],
    rows: pl.DataFrame,
    *,
    embedder: Embedder,
    out_dir: Path,
    cache_dir: Path,
    precisions: Sequence[PrecisionName] = DEFAULT_PRECISIONS,
    leave_out_worse: bool = False,
    device: str = "AUTO",
    progress: Listener | None = None,
    now: datetime | None = None,
) -> Export:
    """Write models as graphs from tokens to scores, once they are shown to say what the models say.

    Args:
        bundles: of different variables, as of ``exportable``.
        rows: text, language (null: not known) of real texts; at most 1,000 are measured on.
        embedder: of the version that the models were trained with.
        out_dir: the export's folder; an older export there is replaced.
        cache_dir: where converted encoders are kept.
        precisions: of the graphs.
        leave_out_worse: leave out a precision whose scores are not the models', as long as another one's are.
        device: that they are measured on, as of ``load_export``.
        progress: called with (what, done, in all).
        now: the time of the export; default the clock.

    Raises:
        UserError: openvino is missing; the scores of a precision are more than 0.005 (RMSE) away from the models'; the
            folder holds something else or cannot be written. Nothing is written then.
    """
    require_openvino()
    exportable(bundles, [bundle.model.variable for bundle in bundles])  # refuses what no graph can hold
    _require_replaceable(out_dir)
    sample = _sample(rows)
    truth = score_texts(sample["text"].to_list(), bundles, embedder, languages=sample["language"].to_list())
    manifest = _manifest(bundles, embedder, now or datetime.now(UTC))
    measured: list[ExportedGraph] = []
    worse: list[ParityError] = []
    with replacing_folder(out_dir) as folder:
        shutil.copyfile(tokenizer_file(), folder / TOKENIZER)
        for done, precision in enumerate(precisions):
            if progress:
                progress(f"exporting {precision}", done, len(precisions))
            _save(_graph(bundles, embedder, manifest["languages"], precision, cache_dir), folder / precision)
            exported = opened(folder, manifest, precision, device=device, threads=1)
            try:
                measured.append(_measured(exported, sample, truth, folder))
            except ParityError as error:
                worse.append(error)
                if not leave_out_worse or len(worse) == len(precisions):
                    raise
                shutil.rmtree(folder / precision)
                continue
            manifest["precisions"][precision] = asdict(measured[-1]) | {"check": _check(exported)}
        manifest["files"] = _digests(folder)
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False), encoding="utf-8")
    return Export(out_dir, tuple(bundle.name for bundle in bundles), tuple(measured), tuple(map(str, worse)))


def _manifest(bundles: Sequence[Bundle], embedder: Embedder, now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "created_at": now.isoformat(),
        "models": {bundle.model.variable: bundle.name for bundle in bundles},
        "trained_on": {bundle.name: bundle.manifest["corpus_sha256"] for bundle in bundles},
        "encoder_version": embedder.version,
        "languages": sorted({name for bundle in bundles for name in _languages(bundle)}),
        "versions": {library: importlib.metadata.version(library) for library in _LIBRARIES},
        "precisions": {},
    }


def _graph(
    bundles: Sequence[Bundle], embedder: Embedder, languages: Sequence[str], precision: PrecisionName, cache_dir: Path
) -> Any:
    # The similarity of the unit vectors themselves is the matrix that similarities are computed with.
    anchors = np.ascontiguousarray(anchor_similarities(np.eye(DIMENSIONS, dtype=np.float32), embedder).T)
    models = [bundle.model for bundle in bundles if isinstance(bundle.model, PerceptionModel)]  # all are: exportable
    return build_export_graph(serving_encoder(precision, cache_dir), models, anchors=anchors, languages=languages)


def _save(graph: Any, folder: Path) -> None:
    from openvino import save_model

    folder.mkdir()
    try:
        # As it is: the default would round thresholds of trees to half precision.
        save_model(graph, folder / GRAPH, compress_to_fp16=False)
    except RuntimeError as error:
        raise OSError(str(error)) from error


def _measured(exported: Exported, sample: pl.DataFrame, truth: pl.DataFrame, folder: Path) -> ExportedGraph:
    texts = sample["text"].to_list()
    away = parity(exported.score(texts, languages=sample["language"].to_list()), truth, exported.models)
    worst = max(away, key=lambda variable: away[variable])
    if not away[worst] <= PARITY:
        raise ParityError(
            f"{exported.precision}: scores of {worst} are {away[worst]:.4f} (RMSE over {len(texts)} texts) away from "
            f"the model's, at most {PARITY} is allowed; it was not written. Choose another --precision, or train on "
            "vectors of that precision (EMBEDDING_PRECISION)"
        )
    files = [folder / TOKENIZER, *(folder / exported.precision).iterdir()]
    size = sum(file.stat().st_size for file in files) / 1e6
    return ExportedGraph(exported.precision, exported.device, away, len(texts), latency(exported, texts), size)


def _check(exported: Exported) -> dict[str, Any]:
    scores = exported.score(_CHECK_TEXTS)
    return {"texts": list(_CHECK_TEXTS), "scores": {name: scores[name].to_list() for name in exported.models}}


def _sample(rows: pl.DataFrame) -> pl.DataFrame:
    different = rows.unique("text", keep="first", maintain_order=True)
    if not different.height:
        raise UserError("there is no text to measure the export on; name a file of labelled texts with --corpus")
    return different.sample(min(MOST_ROWS, different.height), seed=_SEED)


def _languages(bundle: Bundle) -> tuple[str, ...]:
    model = bundle.model
    return model.blender.languages if isinstance(model, PerceptionModel) and model.blender else ()


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {}
    for path in files:
        with path.open("rb") as stream:
            digests[path.relative_to(folder).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return digests


def _require_replaceable(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and (is_export(folder) or not any(folder.iterdir()))):
        raise UserError(f"--out {folder}: is there already and is no export; choose another folder")
