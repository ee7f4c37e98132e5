"""How models are searched for, judged and calibrated: ``defaults.toml`` and a file that changes parts of it.

Belongs here: the types of those settings, reading them, the error for a wrong one. Does not belong here: what they are
used for, settings of the platform (``painpoint_platform.settings``).
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from painpoint_platform.errors import UserError

VariableKind = Literal["regression", "path", "temporal"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Interval(_Section):
    """Where the search looks for one parameter; both ends belong to it."""

    low: float
    high: float
    logarithmic: bool = False
    whole: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        if self.logarithmic and self.low <= 0:
            raise ValueError(f"low {self.low} has no logarithm")
        return self


class SplitSettings(_Section):
    """How rows are dealt to train, tune and test (``splits.split_corpus``); a published split is kept as it is."""

    fractions: tuple[float, float, float]
    folds: int = Field(ge=2)
    ordered_by_time: bool
    embargo_days: int = Field(ge=0)


class SearchBudget(_Section):
    """When a search ends, and what a trial may cost."""

    patience: int = Field(gt=0)
    least_gain: float = Field(ge=0, lt=1)
    landmarks: int = Field(gt=0)
    most_rows: int = Field(gt=0)


class KernelSpace(_Section):
    """Parameters of kernel machines (``kernel_machine``)."""

    landmarks: int = Field(gt=0)
    directions: int = Field(gt=0)
    gamma: Interval
    penalty: Interval
    lexical_weight: Interval
    middle_weight: Interval
    default: Mapping[str, float]

    @property
    def intervals(self) -> Mapping[str, Interval]:
        """The parameters that are searched for."""
        return {name: getattr(self, name) for name in ("gamma", "penalty", "lexical_weight", "middle_weight")}


class TreesSpace(_Section):
    """Parameters of LightGBM, by its own names; ``rounds`` is the number of trees."""

    learning_rate: Interval
    num_leaves: Interval
    rounds: Interval
    feature_fraction: Interval
    min_data_in_leaf: Interval
    lambda_l2: Interval
    default: Mapping[str, float]

    @property
    def intervals(self) -> Mapping[str, Interval]:
        """The parameters that are searched for."""
        names = ("learning_rate", "num_leaves", "rounds", "feature_fraction", "min_data_in_leaf", "lambda_l2")
        return {name: getattr(self, name) for name in names}


class NetworkSpace(_Section):
    """Parameters of classifiers of paths (``hierarchy_network``); the average of ``members`` networks is kept."""

    members: int = Field(gt=0)
    hidden: Interval
    epochs: Interval
    rate: Interval
    word_rate: Interval
    decay: Interval
    dropout: Interval
    default: Mapping[str, float]

    @property
    def intervals(self) -> Mapping[str, Interval]:
        """The parameters that are searched for."""
        names = ("hidden", "epochs", "rate", "word_rate", "decay", "dropout")
        return {name: getattr(self, name) for name in names}


class Gates(_Section):
    """What a model has to reach to be accepted; None: not asked of this variable.

    ``rmse``, ``mae``, ``ece`` and ``rmse_by_length`` are the most, all others the least. ``skill`` is 1 - RMSE / RMSE
    of the training mean, ``gain_over_base`` 1 - RMSE / RMSE of the best base model, ``ceiling_share`` Pearson's r over
    the highest r that the annotators' noise allows.
    """

    rmse: float | None = None
    mae: float | None = None
    ece: float | None = None
    pearson: float | None = None
    spearman: float | None = None
    skill: float | None = None
    gain_over_base: float | None = None
    ceiling_share: float | None = None
    rmse_by_length: Mapping[str, float] = {}
    macro_f1: float | None = None
    hierarchical_f1: float | None = None
    path_validity: float | None = None


class VariableSettings(_Section):
    """One variable: what it is, how long it is searched for, what it must reach; ``variables.RANGES`` has its range."""

    kind: VariableKind
    trials: int = Field(gt=0)
    gates: Gates


class PerceptionSettings(_Section):
    """All of ``defaults.toml``."""

    seed: int
    coverage: float = Field(gt=0.5, lt=1)
    fewest_interval_rows: int = Field(ge=10)
    bootstrap_rounds: int = Field(ge=100)
    splits: SplitSettings
    search: SearchBudget
    kernel: KernelSpace
    trees: TreesSpace
    temporal_trees: TreesSpace
    network: NetworkSpace
    variables: Mapping[str, VariableSettings]

    def variable(self, name: str) -> VariableSettings:
        """Return the settings of a variable.

        Raises:
            UserError: there is no such variable.
        """
        if name not in self.variables:
            raise UserError(f"variable {name!r} is unknown; choose {', '.join(self.variables)}")
        return self.variables[name]


def load_settings(path: Path | None = None) -> PerceptionSettings:
    """Return the defaults, changed by what a TOML file names.

    Raises:
        UserError: the file cannot be read or is no TOML, or it names an unknown or malformed setting; all are named.
    """
    defaults = tomllib.loads((files("painpoint_platform.perception") / "defaults.toml").read_text(encoding="utf-8"))
    if path is None:
        return PerceptionSettings.model_validate(defaults)
    try:
        return PerceptionSettings.model_validate(_merged(defaults, _read(path)))
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise UserError(f"{path}: {found}; perception/defaults.toml of the package shows every setting") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); name a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: is no TOML ({error}); mend the file") from None


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        name: _merged(under[name], value) if isinstance(value, dict) and isinstance(under.get(name), dict) else value
        for name, value in over.items()
    }
    return {**under, **both}
