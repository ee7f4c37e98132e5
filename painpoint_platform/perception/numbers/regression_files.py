"""The parts of a regression model as files: numbers, and LightGBM's own text.

Belongs here: what each part is written as, and reading it back. Does not belong here: the folder, its manifest and
proving that files are genuine (``bundle``).

    model.json      what is small: calibration, intervals, weights of the blend, the members' columns
    kernel.npz      arrays of a member, or trees.txt in LightGBM's own format
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from typing import Any

import numpy as np

from painpoint_platform.perception.learning.calibration import Calibrator
from painpoint_platform.perception.learning.conformal import Intervals
from painpoint_platform.perception.learning.kernel_machine import KernelMachine
from painpoint_platform.perception.learning.out_of_fold import Member
from painpoint_platform.perception.learning.regressors import Regressor, Ridge, Trees
from painpoint_platform.perception.numbers.author_level import AuthorLevel
from painpoint_platform.perception.numbers.blender import Blender
from painpoint_platform.perception.numbers.model import PerceptionModel

MODEL = "model.json"


def regression_to_files(model: PerceptionModel) -> dict[str, bytes]:
    """Return the model as files by name, none of which holds a pickled object.

    Raises:
        TypeError: a member is of a kind that no file is known for.
    """
    described = json.dumps(_described(model), indent=2, ensure_ascii=False, allow_nan=False).encode()
    members = {_file_name(member): _content(member.regressor) for member in model.members}
    return {**members, MODEL: described}


def regression_from_files(files: Mapping[str, bytes]) -> PerceptionModel:
    """Return the model of ``regression_to_files``.

    Raises:
        KeyError, ValueError: they are not the files of such a model.
    """
    return _model(json.loads(files[MODEL]), files)


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


def _pair(values: list[float]) -> tuple[float, float]:
    low, high = values
    return low, high
