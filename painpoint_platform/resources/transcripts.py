"""The transcripts domain's files as a Dagster resource.

Belongs here: where transcripts come from, where their artefacts go, and when a model decides. Does not belong here:
reading, pairing and writing them (``painpoint_platform.transcripts``).
"""

from pathlib import Path
from typing import Literal, Self

from dagster import ConfigurableResource
from pydantic import Field

from painpoint_platform.settings import Settings


class TranscriptsResource(ConfigurableResource[None]):
    """Where classified transcripts lie, where artefacts go, and when a model is asked for a boundary."""

    inbox: str = Field(description="Folder of classified_transcript_sections.json files")
    artifacts_dir: str = Field(default="artifacts", description="Folder of run artefacts")
    qa_model: Literal["never", "auto", "always"] = Field(default="auto", description="When a model decides a boundary")
    qa_margin: float = Field(default=0.5, description="In auto, boundaries that the rules decide by less are asked")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the files of the settings."""
        return cls(
            inbox=str(settings.transcript_inbox),
            artifacts_dir=str(settings.artifacts_dir),
            qa_model=settings.qa_model,
            qa_margin=settings.qa_margin,
        )

    def reading(self, inbox: Path) -> "TranscriptsResource":
        """Return the same resource for another inbox."""
        return TranscriptsResource(
            inbox=str(inbox), artifacts_dir=self.artifacts_dir, qa_model=self.qa_model, qa_margin=self.qa_margin
        )

    @property
    def artifacts(self) -> Path:
        """Folder of the domain's artefacts."""
        return Path(self.artifacts_dir) / "transcripts"
