"""The course domain's files as a Dagster resource.

Belongs here: where Stage-1 runs come from, where run artefacts go, and how themes are asked for. Does not belong here:
reading and writing them (``painpoint_platform.courses``).
"""

from pathlib import Path
from typing import Self

from dagster import ConfigurableResource
from pydantic import Field

from painpoint_platform.settings import Settings


class CoursesResource(ConfigurableResource[None]):
    """Where Stage-1 runs and the list of courses lie, and where the artefacts of Stage 2 and 3 are written."""

    inbox: str = Field(description="Folder with a folder a Stage-1 run")
    predictions_file: str | None = Field(default=None, description="One predictions file to load instead of the inbox")
    course_list: str = Field(description="The list of courses")
    artifacts_dir: str = Field(default="artifacts", description="Folder of run artefacts")
    taxonomy_file: str | None = Field(default=None, description="Labels of themes; none = those of the package")
    theme_batch_size: int = Field(default=60, ge=1, description="Clusters that one call of global_themes gets")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the files of the settings."""
        taxonomy = settings.courses_taxonomy_file
        return cls(
            inbox=str(settings.course_inbox),
            course_list=str(settings.course_list_file),
            artifacts_dir=str(settings.artifacts_dir),
            taxonomy_file=str(taxonomy) if taxonomy else None,
            theme_batch_size=settings.courses_theme_batch_size,
        )

    @property
    def artifacts(self) -> Path:
        """Folder of run artefacts."""
        return Path(self.artifacts_dir)

    @property
    def taxonomy(self) -> Path | None:
        """The taxonomy of themes; None = that of the package."""
        return Path(self.taxonomy_file) if self.taxonomy_file else None

    def reading(self, predictions: Path, *, course_list: Path) -> "CoursesResource":
        """Return the same resource for one file instead of the inbox."""
        return CoursesResource(
            inbox=self.inbox,
            predictions_file=str(predictions),
            course_list=str(course_list),
            artifacts_dir=self.artifacts_dir,
            taxonomy_file=self.taxonomy_file,
            theme_batch_size=self.theme_batch_size,
        )

    def predictions_of(self, corpus: str) -> Path:
        """Return the predictions file of a corpus; raises what ``corpora.predictions_file`` raises."""
        from painpoint_platform.courses.corpora import predictions_file

        chosen = Path(self.predictions_file) if self.predictions_file else None
        return predictions_file(corpus, inbox=Path(self.inbox), chosen=chosen)
