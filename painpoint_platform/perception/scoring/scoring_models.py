"""Which models score collected items: those that were trained here, and the default ones where there are none.

Belongs here: the choice, and the name that a row gets. Does not belong here: reading a bundle (``bundle``), training
the default models (``default_model``), scoring (``text_scores``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from painpoint_platform.errors import UserError
from painpoint_platform.perception.runs.bundle import Bundle, bundle_folders, find_bundle, load_bundle
from painpoint_platform.perception.runs.training_run import current_runs
from painpoint_platform.perception.scoring.default_model import NAME
from painpoint_platform.perception.variables import SCORED


@dataclass(frozen=True)
class ScoringModel:
    """A model with the name that its rows carry: where it comes from, and whether its gates accepted it."""

    name: str
    bundle: Bundle


def models_to_score_with(
    *, chosen: Path | None, root: Path, corpus: str, default: Callable[[], Path]
) -> tuple[ScoringModel, ...]:
    """Return a model of each of ``variables.SCORED``: a trained one, accepted before pending, else the default.

    Args:
        chosen: folder of models that a person chose; None: of each variable the one that was trained last.
        root: folder of training runs.
        corpus: name of the corpus that they were trained on.
        default: returns the folder of the default models; called only where a variable lacks a trained one.

    Raises:
        UserError: the chosen folder has no model, or a model is damaged or of another version; says which.
    """
    models = trained_models(chosen=chosen, root=root, corpus=corpus)
    lacking = set(SCORED) - set(models)
    if lacking:
        folders = bundle_folders(default())
        models |= {variable: _loaded(folders[variable], NAME) for variable in lacking}
    return tuple(models[variable] for variable in SCORED)


def trained_models(*, chosen: Path | None, root: Path, corpus: str) -> dict[str, ScoringModel]:
    """Return by variable the models of ``variables.SCORED`` that somebody trained; see ``models_to_score_with``.

    Raises:
        UserError: the chosen folder has no model, or a model is damaged or of another version; says which.
    """
    folders = _chosen(chosen) if chosen else _trained(root, corpus)
    return {variable: _loaded(*folders[variable]) for variable in SCORED if variable in folders}


def _loaded(folder: Path, origin: str) -> ScoringModel:
    bundle = load_bundle(folder)
    return ScoringModel(f"{origin}/{bundle.name}", bundle)


def _chosen(folder: Path) -> dict[str, tuple[Path, str]]:
    found = bundle_folders(folder)
    if not found:
        raise UserError(f"PERCEPTION_MODELS={folder}: there is no model; train one with `painpoint perception train`")
    return {name: (path, folder.name) for name, path in found.items()}


def _trained(root: Path, corpus: str) -> dict[str, tuple[Path, str]]:
    return {
        variable: (find_bundle(run.models, variable), f"{corpus}/{run.run_id}")
        for variable, run in current_runs(root, corpus).items()
    }


def identities(models: Sequence[ScoringModel]) -> list[str]:
    """Return what tells these models from others, for the input hash of what they scored."""
    return [f"{model.name} {sorted(model.bundle.manifest['files'].items())}" for model in models]
