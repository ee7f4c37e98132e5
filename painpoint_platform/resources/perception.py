"""The perception domain's files as a Dagster resource.

Belongs here: where the labelled corpus lies, where training runs and models go. Does not belong here: reading and
training them (``painpoint_platform.perception``).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Self

from dagster import ConfigurableResource
from pydantic import Field

from painpoint_platform.settings import Settings

if TYPE_CHECKING:
    from painpoint_platform.perception.corpora.corpus import Corpus
    from painpoint_platform.perception.scoring.scoring_models import ScoringModel
    from painpoint_platform.perception.settings_file import PerceptionSettings
    from painpoint_platform.text.embeddings import Embedder


# Ordinary texts beside the 5,200 edge cases of the synthetic corpus: without these everything would look bad.
EVERYDAY_ITEMS = 2_000


class PerceptionResource(ConfigurableResource[None]):
    """What models are trained on, how, and which models score collected items."""

    corpus_file: str | None = Field(default=None, description="The labelled corpus; none = the synthetic one")
    settings_file: str | None = Field(default=None, description="TOML of what differs from perception/defaults.toml")
    models_dir: str | None = Field(
        default=None, description="Models that score items; none = those of the corpus's training run, else the default"
    )
    artifacts_dir: str = Field(default="artifacts", description="Folder of run artefacts")
    cache_dir: str = Field(default="data", description="Folder of the default models, trained on first use")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the files of the settings."""
        return cls(
            corpus_file=str(settings.perception_corpus) if settings.perception_corpus else None,
            settings_file=str(settings.perception_settings) if settings.perception_settings else None,
            models_dir=str(settings.perception_models) if settings.perception_models else None,
            artifacts_dir=str(settings.artifacts_dir),
            cache_dir=str(settings.model_cache),
        )

    @property
    def root(self) -> Path:
        """Folder of training runs."""
        return Path(self.artifacts_dir) / "perception"

    @property
    def corpus_name(self) -> str:
        """Name of the corpus in folders and tables."""
        from painpoint_platform.perception.runs.training_run import corpus_name

        return corpus_name(Path(self.corpus_file) if self.corpus_file else None)

    def read_corpus(self) -> "Corpus":
        """Read the corpus, or make up the synthetic one; raises what ``corpus.read_corpus`` raises."""
        if self.corpus_file:
            from painpoint_platform.perception.corpora.corpus import read_corpus

            return read_corpus(Path(self.corpus_file))
        from painpoint_platform.perception.corpora.synthetic import generate

        return generate(self.settings().seed, everyday_items=EVERYDAY_ITEMS)

    def settings(self) -> "PerceptionSettings":
        """Read the training settings; raises what ``settings_file.load_settings`` raises."""
        from painpoint_platform.perception.settings_file import load_settings

        return load_settings(Path(self.settings_file) if self.settings_file else None)

    def scoring_models(self, embedder: "Embedder") -> "tuple[ScoringModel, ...]":
        """Return the models that score items; the default ones are trained on first use.

        Raises:
            UserError: a model is damaged or of another version or encoder.
        """
        from painpoint_platform.perception.scoring.default_model import default_models
        from painpoint_platform.perception.scoring.scoring_models import models_to_score_with

        return models_to_score_with(
            chosen=Path(self.models_dir) if self.models_dir else None,
            root=self.root,
            corpus=self.corpus_name,
            default=lambda: default_models(Path(self.cache_dir), embedder),
        )
