"""The encoder of the settings as a Dagster resource.

Belongs here: fields and turning them into an embedder. Does not belong here: anything that an embedder does
(``text.embeddings``).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Self

from dagster import ConfigurableResource
from pydantic import Field

from painpoint_platform.settings import Settings

if TYPE_CHECKING:
    from painpoint_platform.text.embeddings import Embedder


class EmbeddingResource(ConfigurableResource):  # type: ignore[type-arg]
    """Which encoder turns texts into vectors, how vectors become clusters, and clusters of days the same issue."""

    backend: str = Field(default="auto", description="auto, openvino, torch or onnx")
    precision: str = Field(default="int8", description="int8 or fp32; the openvino backend heeds it")
    threads: int = Field(default=0, description="Threads of the encoder; 0 = all cores")
    cache_dir: str = Field(default="data", description="Folder of the converted encoder, made on first use")
    reducer: str = Field(default="smooth_spectral", description="What happens to the vectors before HDBSCAN")
    lineage_days: int = Field(default=30, ge=1, description="Days over which a problem stays the same issue")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the encoder and the clustering of the settings."""
        return cls(
            backend=settings.embedding_backend,
            precision=settings.embedding_precision,
            threads=settings.embedding_threads,
            cache_dir=str(settings.model_cache),
            reducer=settings.clustering_reducer,
            lineage_days=settings.lineage_days,
        )

    def embedder(self) -> "Embedder":
        """Return the embedder, loaded once a process; it remembers the texts of a day, which several assets read.

        Raises:
            UserError: an unknown or uninstalled backend, or weights that are not the model's.
        """
        from painpoint_platform.text.embeddings import load_embedder
        from painpoint_platform.text.recent import remembering

        return remembering(
            load_embedder(
                backend=self.backend, precision=self.precision, threads=self.threads, cache_dir=Path(self.cache_dir)
            )
        )
