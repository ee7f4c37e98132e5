"""The models that score items from the first day on, before anybody has trained any.

Belongs here: training small models of made-up texts, once a machine. Does not belong here: which models score
(``scoring_models``), the texts (``synthetic``).

They know what was planted in the texts and little of how people write. Their name says so in every row that they score.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from painpoint_platform import progress
from painpoint_platform.perception.settings_file import PerceptionSettings, load_settings
from painpoint_platform.perception.variables import SCORED
from painpoint_platform.text.converted_models import kept_model
from painpoint_platform.text.embeddings import Embedder

NAME = "default_synthetic"
# Raised when the same encoder would give other models.
VERSION = 2
# Fewer than the corpus of ``painpoint perception synth`` has: nobody wants to wait for their first day's scores.
EDGE_CASES, EVERYDAY = 1_200, 600
LANDMARKS, BOOTSTRAP_ROUNDS = 500, 100
# A kernel machine and trees with the parameters of the defaults: a search would find the same on texts so regular.
TRIALS = 2


def default_models(folder: Path, embedder: Embedder, *, items: int = EDGE_CASES, everyday: int = EVERYDAY) -> Path:
    """Return the folder of the default models of this encoder, trained on the first call and kept.

    Args:
        folder: for models, such as DATA_DIR/models.
        embedder: the encoder.
        items: edge cases to make up.
        everyday: ordinary texts beside them; without these everything that people write would look bad.

    Raises:
        UserError: the folder cannot be written.
    """
    version = hashlib.sha256(f"{VERSION} {items} {everyday} {embedder.version}".encode()).hexdigest()[:8]

    def train(made: Path) -> None:
        from painpoint_platform.perception.corpora.synthetic import generate
        from painpoint_platform.perception.numbers.training import train_variable
        from painpoint_platform.perception.runs.bundle import Provenance, save_bundle
        from painpoint_platform.perception.runs.training_run import begin_run
        from painpoint_platform.perception.runs.variable_training import number_rows, prepare

        settings = _quick(load_settings())
        corpus = generate(settings.seed, items, everyday_items=everyday)
        run = begin_run(corpus, name=NAME, root=made, settings=settings, encoder_version=embedder.version)
        prepared = prepare(run, corpus, embedder=embedder, settings=settings)
        for variable in SCORED:
            rows = number_rows(prepared, variable)
            trained = train_variable(
                variable, train=rows["train"], tune=rows["tune"], test=rows["test"], settings=settings, trials=TRIALS,
                progress=progress.reporter(f"default model of {variable}"),
            )  # fmt: skip
            figures = {part: asdict(judged.calibrated) for part, judged in trained.report.parts.items()}
            provenance = Provenance(NAME, corpus.sha256, settings.seed, embedder.version, figures)
            save_bundle(trained.model, accepted=trained.report.gates.accepted, provenance=provenance, folder=made)

    return kept_model(folder / f"{NAME}-{version}", train)


def _quick(settings: PerceptionSettings) -> PerceptionSettings:
    changes: Mapping[str, object] = {
        "kernel": settings.kernel.model_copy(update={"landmarks": LANDMARKS}),
        "bootstrap_rounds": BOOTSTRAP_ROUNDS,
    }
    return settings.model_copy(update=changes)
