"""A model as a folder of files that can be read without running code from them, and that tells when it was changed.

Belongs here: writing and reading that folder, which kinds of models there are, which of several models of a variable is
used. Does not belong here: what a model's files hold (``regression_files``, ``hierarchy``, ``temporal_models``),
training, scoring, export for serving.

    valence_final_accepted/
      manifest.json   format, name, kind, corpus, seed, versions, names of the features, version of the encoder,
                      metrics, SHA-256 of every other file
      model.json      what is small
      *.npz, *.txt    arrays (never pickled objects), trees in LightGBM's own format
"""

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from painpoint_platform.errors import UserError
from painpoint_platform.folders import replacing_folder
from painpoint_platform.perception.features.temporal_features import TEMPORAL_NAMES
from painpoint_platform.perception.features.text_features import TEXT_NAMES
from painpoint_platform.perception.measuring.gates import ACCEPTED, PENDING, final_name
from painpoint_platform.perception.numbers.model import PerceptionModel
from painpoint_platform.perception.numbers.regression_files import regression_from_files, regression_to_files
from painpoint_platform.perception.paths.hierarchy import PathModel
from painpoint_platform.perception.temporal.temporal_inputs import INPUT_NAMES
from painpoint_platform.perception.temporal.temporal_models import TemporalModel

# Raised with every change of what the files hold or mean, features included.
FORMAT = 3
MANIFEST = "manifest.json"
_NEEDED = {"format", "name", "variable", "encoder_version", "feature_names", "files"}
_LIBRARIES = ("painpoint-platform", "numpy", "lightgbm", "scikit-learn")

Model = PerceptionModel | PathModel | TemporalModel


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A kind of models that a bundle can hold.

    Attributes:
        name: as the manifest says it.
        model: its class; has ``variable`` and ``columns``.
        to_files: a model -> its files by name, none of which holds a pickled object.
        from_files: those files -> an equal model.
        columns: the features that such a model may read.
    """

    name: str
    model: type[Any]
    to_files: Callable[[Any], Mapping[str, bytes]]
    from_files: Callable[[Mapping[str, bytes]], Any]
    columns: Collection[str]


KINDS = (
    ModelKind(
        "regression", PerceptionModel, regression_to_files, regression_from_files, {*TEXT_NAMES, *TEMPORAL_NAMES}
    ),
    ModelKind("path", PathModel, PathModel.to_files, PathModel.from_files, TEXT_NAMES),
    ModelKind("temporal", TemporalModel, TemporalModel.to_files, TemporalModel.from_files, INPUT_NAMES),
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a model comes from.

    Attributes:
        corpus: its source.
        corpus_sha256: of its file.
        seed: of all choices.
        encoder_version: ``Embedder.version`` of the vectors that it was trained on.
        metrics: figures to keep beside the model.
    """

    corpus: str
    corpus_sha256: str
    seed: int
    encoder_version: str
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model that was read from a folder.

    Attributes:
        name: such as ``valence_final_pending``.
        model: ready to score.
        manifest: all of ``manifest.json``.
    """

    name: str
    model: Model
    manifest: Mapping[str, Any]

    @property
    def variable(self) -> str:
        """What it scores."""
        return str(self.manifest["variable"])

    @property
    def kind(self) -> str:
        """What kind of model it is: regression, path or temporal."""
        return str(self.manifest["kind"])

    @property
    def encoder_version(self) -> str:
        """The version of the encoder whose vectors it understands."""
        return str(self.manifest["encoder_version"])


def save_bundle(
    model: Model, *, accepted: bool, provenance: Provenance, folder: Path, now: datetime | None = None
) -> Path:
    """Write a model to ``folder/<variable>_final_accepted`` (or ``_pending``), whole or not at all; returns that path.

    A model of that name is replaced; one of the other name stays, and an accepted one is used before a pending one.

    Raises:
        UserError: the files cannot be written.
    """
    name = final_name(model.variable, accepted=accepted)
    kind = next(kind for kind in KINDS if isinstance(model, kind.model))
    contents = kind.to_files(model)
    manifest = {
        "format": FORMAT,
        "name": name,
        "kind": kind.name,
        "variable": model.variable,
        "created_at": (now or datetime.now(UTC)).isoformat(),
        **asdict(provenance),
        "feature_names": list(model.columns),
        "versions": {library: importlib.metadata.version(library) for library in _LIBRARIES},
        "files": {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()},
    }
    with replacing_folder(folder / name) as unfinished:
        for file, content in {**contents, MANIFEST: _json(manifest)}.items():
            (unfinished / file).write_bytes(content)
    return folder / name


def load_bundle(folder: Path) -> Bundle:
    """Read a model and prove that it is the one that was written.

    Raises:
        UserError: a file is missing, damaged or was changed, or the bundle is of another version; says which.
    """
    manifest = _manifest(folder)
    if manifest["format"] != FORMAT:
        raise UserError(
            f"{folder}: this bundle has format {manifest['format']!r}, expected {FORMAT}; train the model again "
            "with this version, or install the one that wrote it"
        )
    kind = next((kind for kind in KINDS if kind.name == manifest.get("kind")), None)
    if kind is None:
        known = ", ".join(kind.name for kind in KINDS)
        raise UserError(f"{folder}: holds a model of kind {manifest.get('kind')!r}, expected {known}; train it again")
    contents = {file: _genuine(folder / Path(file).name, digest) for file, digest in manifest["files"].items()}
    unknown = set(manifest["feature_names"]) - set(kind.columns)
    if unknown:
        raise UserError(
            f"{folder}: the model reads features that this version has not got: {', '.join(sorted(unknown)[:5])}; "
            "train it again"
        )
    try:
        return Bundle(str(manifest["name"]), kind.from_files(contents), manifest)
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(f"{folder}: its files are not those of a {kind.name} model ({error}); train it again") from None


def bundle_folders(folder: Path) -> dict[str, Path]:
    """Return by variable the folder of each model there, an accepted one before a pending one; empty without any."""
    found: dict[str, Path] = {}
    for status in (PENDING, ACCEPTED):
        for path in sorted(folder.glob(f"*_final_{status}")):
            found[path.name.removesuffix(f"_final_{status}")] = path
    return found


def find_bundle(folder: Path, variable: str) -> Path:
    """Return the folder of a variable's accepted model, or where there is none of its pending one.

    Raises:
        UserError: there is neither.
    """
    found = bundle_folders(folder)
    if variable not in found:
        raise UserError(
            f"{folder}: there is no model of {variable}; train one with "
            f"`painpoint perception train --variable {variable}`"
        )
    return found[variable]


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{folder}: is no model bundle ({MANIFEST}: {error.strerror}); train the model") from None
    except ValueError as error:
        raise UserError(f"{folder / MANIFEST}: is damaged ({error}); train the model again") from None
    if not isinstance(manifest, dict) or not manifest.keys() >= _NEEDED or not isinstance(manifest["files"], dict):
        raise UserError(f"{folder / MANIFEST}: found no manifest in it; train the model again")
    return manifest


def _genuine(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: a file of the model is missing ({error.strerror}); train the model again") from None
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise UserError(f"{path}: is damaged or was changed: sha256 {found}, expected {digest}; train the model again")
    return content


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).encode()
