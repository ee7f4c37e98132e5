"""A model as a folder of files that can be read without running code from them, and that tells when it was changed.

Belongs here: writing and reading that folder, and which of several models of a variable is used. Does not belong here:
training, scoring, export for serving.

    valence_final_accepted/
      manifest.json   format, name, corpus, seed, versions, names of the features, version of the encoder, metrics,
                      SHA-256 of every other file
      model.json      what is small: calibration, intervals, weights of the blend, the members' columns
      kernel.npz      arrays of a member (never pickled objects), or trees.txt in LightGBM's own format
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from painpoint_platform.errors import UserError
from painpoint_platform.files import sync
from painpoint_platform.perception.author_level import AuthorLevel
from painpoint_platform.perception.blender import Blender
from painpoint_platform.perception.calibration import Calibrator
from painpoint_platform.perception.conformal import Intervals
from painpoint_platform.perception.features import FEATURE_NAMES, TEMPORAL_NAMES
from painpoint_platform.perception.gates import final_name
from painpoint_platform.perception.kernel_machine import KernelMachine
from painpoint_platform.perception.model import PerceptionModel
from painpoint_platform.perception.out_of_fold import Member
from painpoint_platform.perception.regressors import Regressor, Ridge, Trees

# Raised with every change of what the files hold or mean, features included.
FORMAT = 1
MANIFEST, MODEL = "manifest.json", "model.json"
_NEEDED = {"format", "name", "encoder_version", "feature_names", "files"}
_LIBRARIES = ("painpoint-platform", "numpy", "lightgbm", "scikit-learn")


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
    model: PerceptionModel
    manifest: Mapping[str, Any]

    @property
    def encoder_version(self) -> str:
        """The version of the encoder whose vectors it understands."""
        return str(self.manifest["encoder_version"])


def save_bundle(
    model: PerceptionModel, *, accepted: bool, provenance: Provenance, folder: Path, now: datetime | None = None
) -> Path:
    """Write a model to ``folder/<variable>_final_accepted`` (or ``_pending``), whole or not at all; returns that path.

    A model of that name is replaced; one of the other name stays, and an accepted one is used before a pending one.

    Raises:
        UserError: the files cannot be written.
    """
    name = final_name(model.variable, accepted=accepted)
    contents = {**_member_files(model), MODEL: _json(_described(model))}
    manifest = {
        "format": FORMAT,
        "name": name,
        "variable": model.variable,
        "created_at": (now or datetime.now(UTC)).isoformat(),
        **asdict(provenance),
        "feature_names": list(model.columns),
        "versions": {library: importlib.metadata.version(library) for library in _LIBRARIES},
        "files": {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()},
    }
    target = folder / name
    try:
        _replace_folder(target, {**contents, MANIFEST: _json(manifest)})
    except OSError as error:
        raise UserError(f"{target}: cannot be written ({error.strerror}); make room or choose another folder") from None
    return target


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
    contents = {file: _genuine(folder / file, digest) for file, digest in dict(manifest["files"]).items()}
    unknown = set(manifest["feature_names"]) - {*FEATURE_NAMES, *TEMPORAL_NAMES}
    if unknown:
        raise UserError(
            f"{folder}: the model reads features that this version has not got: {', '.join(sorted(unknown)[:5])}; "
            "train it again"
        )
    return Bundle(str(manifest["name"]), _model(json.loads(contents[MODEL]), contents), manifest)


def find_bundle(folder: Path, variable: str) -> Path:
    """Return the folder of a variable's accepted model, or where there is none of its pending one.

    Raises:
        UserError: there is neither.
    """
    for accepted in (True, False):
        found = folder / final_name(variable, accepted=accepted)
        if found.is_dir():
            return found
    raise UserError(
        f"{folder}: there is no model of {variable}; train one with `painpoint perception train {variable}`"
    )


def _described(model: PerceptionModel) -> dict[str, Any]:
    blender = model.blender
    return {
        "variable": model.variable,
        "final": model.final,
        "members": [
            {"name": member.name, "kind": member.regressor.kind, "columns": member.columns, "file": _file_name(member)}
            for member in model.members
        ],
        "level": asdict(model.level) if model.level else None,
        "blender": {**asdict(blender), "coefficients": blender.coefficients.tolist()} if blender else None,
        "calibrator": {
            **asdict(model.calibrator),
            "knots": model.calibrator.knots.tolist(),
            "values": model.calibrator.values.tolist(),
        },
        "intervals": asdict(model.intervals),
    }


def _model(described: Mapping[str, Any], contents: Mapping[str, bytes]) -> PerceptionModel:
    blender, calibrator, intervals = described["blender"], described["calibrator"], described["intervals"]
    return PerceptionModel(
        variable=described["variable"],
        members=tuple(
            Member(one["name"], tuple(one["columns"]), _regressor(one["kind"], contents[one["file"]]))
            for one in described["members"]
        ),
        level=AuthorLevel(**described["level"]) if described["level"] else None,
        blender=Blender(
            tuple(blender["members"]), tuple(blender["languages"]), np.array(blender["coefficients"], np.float64)
        )
        if blender
        else None,
        final=described["final"],
        calibrator=Calibrator(
            calibrator["kind"],
            _pair(calibrator["limits"]),
            np.array(calibrator["knots"], np.float64),
            np.array(calibrator["values"], np.float64),
        ),
        intervals=Intervals(**{**intervals, "limits": _pair(intervals["limits"])}),
    )


def _file_name(member: Member) -> str:
    return f"{member.name}.{'txt' if isinstance(member.regressor, Trees) else 'npz'}"


def _member_files(model: PerceptionModel) -> dict[str, bytes]:
    return {_file_name(member): _content(member.regressor) for member in model.members}


def _content(regressor: Regressor) -> bytes:
    if isinstance(regressor, Trees):
        return regressor.text.encode()
    if isinstance(regressor, Ridge | KernelMachine):
        buffer = BytesIO()
        np.savez(buffer, allow_pickle=False, **regressor.arrays)
        return buffer.getvalue()
    raise TypeError(f"a bundle cannot hold a {type(regressor).__name__}")


def _regressor(kind: str, content: bytes) -> Regressor:
    if kind == "trees":
        return Trees(content.decode())
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return Ridge.of(arrays) if kind == "ridge" else KernelMachine.of(arrays)


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


def _replace_folder(target: Path, contents: Mapping[str, bytes]) -> None:
    scratch, older = (target.with_name(f".{target.name}.{part}.{os.getpid()}") for part in ("new", "old"))
    try:
        scratch.mkdir(parents=True)
        for name, content in contents.items():
            (scratch / name).write_bytes(content)
            sync(scratch / name)
        if target.exists():
            target.rename(older)
        scratch.rename(target)
        sync(target.parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(older, ignore_errors=True)


def _pair(values: list[float]) -> tuple[float, float]:
    low, high = values
    return low, high


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).encode()
