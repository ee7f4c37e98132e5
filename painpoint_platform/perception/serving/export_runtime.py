"""Exported models at work: a folder, texts, scores.

Belongs here: reading an export, choosing a device, scoring. Does not belong here: making an export (``export``), what
the graph computes (``export_graph``).

At run time it needs openvino, tokenizers, numpy, polars and vaderSentiment (for the lexical features); no model files
but those of the folder, and none of the libraries that models are trained with.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from painpoint_platform.errors import UserError
from painpoint_platform.perception.corpora.corpus import length_buckets
from painpoint_platform.perception.features.lexical_features import LEXICAL_NAMES, lexical_features
from painpoint_platform.perception.features.text_features import Features
from painpoint_platform.perception.measuring.metrics import rmse
from painpoint_platform.perception.numbers.blender import context
from painpoint_platform.perception.serving.export_encoder import PRECISIONS, PrecisionName
from painpoint_platform.perception.variables import ENDS
from painpoint_platform.text.batches import token_batches
from painpoint_platform.text.minilm import cutting_tokenizer, token_ids

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Raised with every change of what the files hold or mean, lexical features included.
FORMAT = 1
MANIFEST, TOKENIZER, GRAPH = "export.json", "tokenizer.json", "model.xml"
PARITY = 0.005
"""The most that scores of an export may differ from the model's: as RMSE over texts."""

_DEVICES = ("GPU", "NPU", "CPU")  # the order of preference
_NEEDED = {"format", "models", "languages", "files", "precisions", "versions"}


@dataclass(frozen=True, eq=False)
class Exported:
    """Models of several variables, ready to score.

    Attributes:
        models: variable -> name of its model.
        languages: those that the graph knows apart.
        precision: of the graph.
        device: what OpenVINO runs it on.
    """

    models: Mapping[str, str]
    languages: tuple[str, ...]
    precision: PrecisionName
    device: str
    _graph: Any
    _tokenizer: "Tokenizer"

    def score(self, texts: Sequence[str], *, languages: Sequence[str | None] | None = None) -> pl.DataFrame:
        """Return a row a text with the columns of ``text_scores.score_texts``.

        A text's scores depend on the text alone, not on the texts beside it.

        Args:
            texts: anything: empty, a megabyte, emoji, lone surrogates.
            languages: of the texts; None: not known.
        """
        lexical = lexical_features(texts)
        known = _context(texts, lexical, languages, self.languages)
        found = np.empty((len(texts), len(self.models) * len(ENDS)), np.float64)
        for rows, ids, mask in token_batches(token_ids(texts, self._tokenizer)) if len(texts) else ():
            # A request of its own a batch: requests are not to be shared between threads.
            outputs = self._graph.create_infer_request().infer([ids, mask, lexical[rows], known[rows]])
            found[rows] = np.hstack(list(outputs.values()))
        columns: list[pl.Series] = []
        for place, (variable, name) in enumerate(self.models.items()):
            columns += [pl.Series(f"{variable}{end}", found[:, 3 * place + at]) for at, end in enumerate(ENDS)]
            columns.append(pl.Series(f"{variable}_model", [name] * len(texts), pl.String))
        return pl.DataFrame(columns)


def is_export(folder: Path) -> bool:
    """Say whether a folder holds exported models."""
    return (folder / MANIFEST).is_file()


def load_export(
    folder: Path, device: str = "AUTO", *, precision: PrecisionName | None = None, threads: int = 0
) -> Exported:
    """Read an export and prove that it is what was written: by its files' SHA-256, and by scoring texts anew.

    Args:
        folder: that ``export.export_models`` wrote.
        device: of OpenVINO, such as ``CPU``; AUTO: the first it finds of GPU, NPU and CPU that can run the graph.
        precision: of those in the folder; None: the smallest.
        threads: of the processor; 0: all cores.

    Raises:
        UserError: openvino is not installed, there is no such device or precision, a file is missing or was changed,
            the export is of another version, or it does not give the scores that it gave when it was made.
    """
    require_openvino()
    manifest = read_manifest(folder)
    chosen = _precision(folder, manifest, precision)
    for name, digest in manifest["files"].items():
        if name == TOKENIZER or name.startswith(f"{chosen}/"):
            _require_genuine(folder / name, digest)
    exported = opened(folder, manifest, chosen, device=device, threads=threads)
    _require_same_scores(folder, exported, manifest["precisions"][chosen]["check"])
    return exported


def opened(
    folder: Path, manifest: Mapping[str, Any], precision: PrecisionName, *, device: str, threads: int
) -> Exported:
    """Return the models of a folder without looking whether they are genuine.

    Raises:
        UserError: there is no such device, or OpenVINO cannot read the graph or run it there.
    """
    from openvino import Core

    core = Core()
    target = _device(core.available_devices, device)
    hints: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if target == "CPU":
        # OpenVINO would take bf16 where the processor has it.
        hints |= {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    path = folder / precision / GRAPH
    try:
        graph = core.compile_model(path, target, hints)
        # OpenVINO 2026.4 hangs now and then when the first inferences of a process run in several threads at once.
        one = np.ones((1, 1), np.int64)
        width = graph.input("context").partial_shape[1].get_length()
        given = [one, one, np.zeros((1, len(LEXICAL_NAMES)), np.float32), np.zeros((1, width), np.float32)]
        graph.create_infer_request().infer(given)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1][:300]
        raise UserError(f"{path}: OpenVINO cannot run it on {target} ({reason}); try --device CPU") from error
    used = graph.get_property("EXECUTION_DEVICES")
    tokenizer = cutting_tokenizer(folder / TOKENIZER)
    return Exported(dict(manifest["models"]), tuple(manifest["languages"]), precision, "+".join(used), graph, tokenizer)


def require_openvino() -> None:
    """Refuse to go on without openvino.

    Raises:
        UserError: it is not installed.
    """
    if not importlib.util.find_spec("openvino"):
        raise UserError("exported models need openvino; `pip install 'painpoint-platform[export]'`")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return ``export.json`` of an export.

    Raises:
        UserError: there is none, it is damaged or of another version.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{folder}: holds no exported models ({MANIFEST}: {error.strerror}); make them with "
            "`painpoint perception export`"
        ) from None
    except ValueError as error:
        raise UserError(f"{path}: is damaged ({error}); export the models again") from None
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise UserError(f"{path}: found no manifest in it; export the models again")
    if manifest["format"] != FORMAT:
        raise UserError(
            f"{folder}: this export has format {manifest['format']!r}, expected {FORMAT}; export the models again "
            "with this version, or install the one that wrote it"
        )
    if not manifest.keys() >= _NEEDED:
        raise UserError(f"{path}: lacks {', '.join(sorted(_NEEDED - manifest.keys()))}; export the models again")
    _require_openvino_of(folder, str(manifest["versions"]["openvino"]))
    return manifest


def _require_openvino_of(folder: Path, written_by: str) -> None:
    installed = importlib.metadata.version("openvino")
    if _release(installed) < _release(written_by):
        raise UserError(
            f"{folder}: this export was written by openvino {written_by}, installed is the older {installed}; "
            f"`pip install 'openvino>={written_by}'`"
        )


def _release(version: str) -> tuple[int, int]:
    year, release, *_ = version.split(".")
    return int(year), int(release)


def _precision(folder: Path, manifest: Mapping[str, Any], wanted: PrecisionName | None) -> PrecisionName:
    held = [name for name in PRECISIONS if name in manifest["precisions"]]
    chosen = wanted or next((name for name in held if (folder / name).is_dir()), None)
    if chosen not in held:
        raise UserError(f"{folder}: has no graph in {wanted or 'any precision'}; it holds {', '.join(held) or 'none'}")
    return chosen


def _require_genuine(path: Path, digest: str) -> None:
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UserError(
            f"{path}: a file of the export is missing ({error.strerror}); export the models again"
        ) from None
    if found != digest:
        raise UserError(
            f"{path}: is damaged or was changed: sha256 {found}, expected {digest}; export the models again"
        )


def _require_same_scores(folder: Path, exported: Exported, check: Mapping[str, Any]) -> None:
    """Compare with the scores of the day of the export: another lexicon or device may give others."""
    scores = exported.score(check["texts"])
    for variable, before in check["scores"].items():
        away = rmse(np.array(before), scores[variable].to_numpy())
        if not away <= PARITY:
            raise UserError(
                f"{folder}: on {exported.device} {variable} is {away:.4f} (RMSE) away from what it was when the models "
                f"were exported, at most {PARITY} is allowed; choose another device, or export the models again with "
                "this version"
            )


def _device(found: Sequence[str], wanted: str) -> str:
    if wanted != "AUTO":
        if _kind(wanted) not in map(_kind, found):
            raise UserError(f"device {wanted!r}: OpenVINO finds only {', '.join(found)}; choose one of them, or AUTO")
        return wanted
    liked = [name for kind in _DEVICES for name in found if _kind(name) == kind]
    # OpenVINO's own AUTO takes the first of several that can run the graph.
    return liked[0] if len(liked) == 1 else f"AUTO:{','.join(liked)}"


def _kind(device: str) -> str:
    """Return ``GPU`` for ``GPU.1``."""
    return device.partition(".")[0]


def _context(
    texts: Sequence[str],
    lexical: NDArray[np.float32],
    languages: Sequence[str | None] | None,
    known: tuple[str, ...],
) -> NDArray[np.float32]:
    items = pl.DataFrame(
        {
            "language": pl.Series(languages or [None] * len(texts), dtype=pl.String),
            "length_bucket": length_buckets(texts),
        }
    )
    return context(Features(LEXICAL_NAMES, lexical), items, known).astype(np.float32)
