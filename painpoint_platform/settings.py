"""Every setting of the platform, read from the environment and ``.env``.

Belongs here: names, types, defaults and the one-line meaning of each setting, and the error for an unknown or malformed
one. Does not belong here: what to search for at the sources (``sources.yaml``), run-time choices of one command.
"""

import difflib
import os
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from painpoint_platform.errors import UserError
from painpoint_platform.paths import bundled
from painpoint_platform.setting_values import (
    Address,
    File,
    FileOrFolder,
    Folder,
    Seconds,
    SecretAddress,
    shown_address,
    tidied,
)

EmbeddingBackend = Literal["auto", "torch", "openvino", "onnx"]
EmbeddingPrecision = Literal["int8", "fp32"]
Reducer = Literal["none", "smooth", "spectral", "smooth_spectral"]
QaMode = Literal["never", "auto", "always"]

# Variables that other programs read from the same .env: providers' keys, Dagster, docker compose.
# fmt: off
FOREIGN_PREFIXES = (
    "ANTHROPIC_", "AWS_", "AZURE_", "COHERE_", "COMPOSE_", "DAGSTER_", "DEEPSEEK_", "GEMINI_", "GOOGLE_", "GROQ_",
    "HF_", "HTTP_", "HTTPS_", "LITELLM_", "MISTRAL_", "NO_PROXY", "OLLAMA_", "OMP_", "OPENAI_", "OPENROUTER_",
    "OPENVINO_", "POSTGRES_", "PYTHON", "SSL_CERT_", "TOGETHERAI_", "TZ", "XAI_",
)
# fmt: on


class Settings(BaseSettings):
    """The typed settings. Field names in upper case are the names of the environment variables."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        allow_inf_nan=False,
    )

    # Files
    data_dir: Folder = Field(Path("data"), description="Folder for everything the platform writes")
    warehouse_path: File | None = Field(None, description="The DuckDB warehouse; default DATA_DIR/painpoint.duckdb")
    analytics_path: File | None = Field(
        None, description="The analysts' copy of gold; default DATA_DIR/analytics.duckdb"
    )
    report_dir: Folder | None = Field(None, description="Folder of the report for the browser; default DATA_DIR/report")
    artifacts_dir: Folder = Field(Path("artifacts"), description="Folder of run artefacts: stage1, stage2, stage3, ...")
    warehouse_lock_timeout_s: Seconds = Field(300, description="Longest wait for the warehouse, in seconds")
    partitions_start_date: date = Field(
        date(2025, 1, 1),
        ge=date(1990, 1, 1),
        le=date(2100, 1, 1),
        description="First day that can be collected, YYYY-MM-DD",
    )

    # Sources
    sources_file: File | None = Field(None, description="What to look for at the sources; default sources.yaml")
    github_token: SecretStr | None = Field(None, description="GitHub token: 30 searches a minute instead of 10")
    github_api_url: Address = Field(
        "https://api.github.com", description="GitHub's REST API, or a GitHub Enterprise URL"
    )
    stackexchange_key: SecretStr | None = Field(
        None, description="Stack Apps key: 10,000 requests a day instead of 300"
    )
    stackexchange_api_url: Address = Field("https://api.stackexchange.com/2.3", description="Stack Exchange API")
    reddit_client_id: str | None = Field(None, description="Reddit application id; Reddit is not read without it")
    reddit_client_secret: SecretStr | None = Field(None, description="Reddit application secret")
    reddit_user_agent: str = Field(
        "python:painpoint-platform:0.1 (by /u/unset)",
        description="Reddit asks for a user agent that names the operator",
    )
    reddit_auth_url: Address = Field("https://www.reddit.com", description="Where Reddit hands out tokens")
    reddit_api_url: Address = Field("https://oauth.reddit.com", description="Reddit's API")
    hackernews_api_url: Address = Field("https://hn.algolia.com/api/v1", description="Hacker News search (Algolia)")
    collect_timeout_s: Seconds = Field(30, description="Time-out of one request to a source, in seconds")
    collect_deadline_s: Seconds = Field(900, description="Longest time that one request is retried, in seconds")
    author_salt: SecretStr | None = Field(
        None, description="Salt of author_hash; default: made once and kept in DATA_DIR/author_salt"
    )
    earnings_calls_as_source: bool = Field(
        False, description="Analysts' questions in earnings calls are collected as a fifth source, earnings_calls"
    )

    # Embedding and clustering
    embedding_backend: EmbeddingBackend = Field(
        "auto", description="auto takes openvino where it is installed, else torch"
    )
    embedding_precision: EmbeddingPrecision = Field("int8", description="Precision of the openvino backend")
    embedding_threads: int = Field(0, ge=0, le=1_024, description="Threads of the encoder; 0 = all cores")
    clustering_reducer: Reducer = Field(
        "smooth_spectral", description="What happens to the vectors before HDBSCAN; none = nothing"
    )

    # Models
    llm_local_model: str = Field("embedded/v1", description="LiteLLM name of the first model asked, or embedded/v1")
    llm_remote_model: str = Field("embedded/v1", description="LiteLLM name of the fallback and of large work")
    llm_local_base_url: Address | None = Field(None, description="Base URL of the local model's server")
    llm_remote_base_url: Address | None = Field(None, description="Base URL of the remote model's server")
    llm_local_api_key: SecretStr | None = Field(
        None, description="Key for LLM_LOCAL_BASE_URL, where the provider's own variable is not used"
    )
    llm_remote_api_key: SecretStr | None = Field(None, description="Key for LLM_REMOTE_BASE_URL, likewise")
    llm_max_concurrency: int = Field(8, ge=1, le=1_000, description="Model calls under way at once")
    llm_requests_per_minute: int = Field(0, ge=0, le=1_000_000, description="Model calls a minute; 0 = no limit")
    llm_timeout_s: Seconds = Field(60, description="Time-out of one model call, in seconds")
    llm_budget_usd: float | None = Field(
        None, ge=0, le=1_000_000, description="Most a run may spend on models; unset = no limit"
    )
    llm_context_tokens: int = Field(
        0,
        ge=0,
        le=100_000_000,
        description="Tokens of one request and its reply; larger work is split. 0 = what is known of the model",
    )
    llm_token_endpoint: Address | None = Field(
        None, description="OAuth token endpoint (client credentials) of the model servers; unset: API keys are used"
    )
    llm_client_id: str | None = Field(None, description="OAuth client id for LLM_TOKEN_ENDPOINT")
    llm_client_secret: SecretStr | None = Field(None, description="OAuth client secret for LLM_TOKEN_ENDPOINT")
    llm_ca_bundle: File | None = Field(
        None,
        description="PEM file of the authorities that sign the model servers' certificates, where they are private",
    )

    # Courses
    courses_inbox: Folder | None = Field(
        None, description="A folder a Stage-1 run, with predictions_FULL.csv; default ARTIFACTS_DIR/stage1/full_corpus"
    )
    course_list: File | None = Field(
        None, description="The list of courses; default DATA_DIR/course_list_with_college.csv"
    )
    courses_taxonomy_file: File | None = Field(
        None, description="Labels of themes; default prompts/global_themes/taxonomy.csv"
    )
    courses_theme_batch_size: int = Field(
        60, ge=1, le=10_000, description="Clusters that one call of global_themes gets"
    )

    # Transcripts
    transcripts_inbox: Folder | None = Field(
        None, description="Folder of classified_transcript_sections.json files; default DATA_DIR/inbox/transcripts"
    )
    qa_model: QaMode = Field(
        "auto", description="When a model decides a boundary: never, where the rules are unsure (auto), or always"
    )
    qa_margin: float = Field(0.5, ge=0, le=1, description="In auto, boundaries that the rules decide by less are asked")

    # Perception
    perception_corpus: FileOrFolder | None = Field(
        None, description="Labelled texts to train models of feeling on; unset: the synthetic corpus"
    )
    perception_settings: File | None = Field(
        None, description="TOML of what differs from perception/defaults.toml: budgets, ranges, gates"
    )
    perception_models: Folder | None = Field(
        None,
        description="Folder of models that score items; unset: those trained on PERCEPTION_CORPUS, else the default",
    )

    # Identity
    lineage_days: int = Field(
        30, ge=1, le=3_650, description="Days over which a problem is the same issue when it comes back"
    )

    # Publishing
    pocketbase_url: Address | None = Field(None, description="PocketBase server; unset: live issues are not published")
    pocketbase_email: str | None = Field(None, description="PocketBase superuser")
    pocketbase_password: SecretStr | None = Field(None, description="The superuser's password")
    pocketbase_timeout_s: Seconds = Field(30, description="Time-out of one request to PocketBase, in seconds")
    publish_min_authors: int = Field(
        3, ge=1, le=1_000_000, description="An issue is published only with this many distinct authors"
    )

    recheck_budget_per_day: int = Field(
        1000, ge=0, le=1_000_000, description="Published posts that are looked up at Reddit each day; 0 = none"
    )

    # Operations
    alert_webhook_url: SecretAddress | None = Field(None, description="A failed run is posted here as JSON")

    @field_validator("*", mode="before")
    @classmethod
    def _tidied(cls, value: Any, info: ValidationInfo) -> Any:
        """Take the blanks around a value away; one of nothing but blanks is none. Secrets are taken as they are."""
        if not isinstance(value, str) or info.field_name is None:
            return value
        if not value.strip():
            return cls.model_fields[info.field_name].get_default()
        return value if _is_secret(info.field_name) else tidied(value)

    @cached_property
    def warehouse(self) -> Path:
        """Path of the warehouse file."""
        return self.warehouse_path or self.data_dir / "painpoint.duckdb"

    @cached_property
    def model_cache(self) -> Path:
        """Folder of what this machine made once: encoder, default models of perception, the charts' runtime."""
        return self.data_dir / "models"

    @cached_property
    def course_inbox(self) -> Path:
        """Folder in which Stage-1 runs appear, one folder each."""
        return self.courses_inbox or self.artifacts_dir / "stage1" / "full_corpus"

    @cached_property
    def course_list_file(self) -> Path:
        """Path of the list of courses."""
        return self.course_list or self.data_dir / "course_list_with_college.csv"

    @cached_property
    def transcript_inbox(self) -> Path:
        """Folder in which classified transcripts appear."""
        return self.transcripts_inbox or self.data_dir / "inbox" / "transcripts"

    @cached_property
    def sources(self) -> Path:
        """Path of the file that says what to look for."""
        return self.sources_file or bundled("sources.yaml")

    @cached_property
    def analytics(self) -> Path:
        """Path of the analysts' copy."""
        return self.analytics_path or self.data_dir / "analytics.duckdb"

    @cached_property
    def report(self) -> Path:
        """Folder of the report."""
        return self.report_dir or self.data_dir / "report"


def setting_names() -> frozenset[str]:
    """Names of all settings, as environment variables."""
    return frozenset(name.upper() for name in Settings.model_fields)


def load_settings(env_file: Path | None = Path(".env"), **overrides: Any) -> Settings:
    """Read the settings from the environment, then ``env_file`` (None or missing: environment only), then defaults.

    Args:
        env_file: a dotenv file; variables of the environment win over it.
        overrides: field values that win over everything.

    Raises:
        UserError: an unknown name in ``env_file`` (with its line and the nearest known name) or a value that does not
            fit (with its place, what was found and what is allowed). Values of secrets are never shown.
    """
    lines = _dotenv_lines(env_file) if env_file else {}
    _refuse_unknown(env_file, lines)
    try:
        settings = Settings(_env_file=env_file, **overrides)  # type: ignore[call-arg]
    except ValidationError as error:
        found = [_describe(problem, env_file, lines) for problem in error.errors()]
        raise UserError("\n".join(found)) from None
    _refuse_overlaps(settings)
    return settings


def _dotenv_lines(env_file: Path) -> dict[str, int]:
    if not env_file.exists():
        return {}
    from dotenv.parser import parse_stream

    try:
        with env_file.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except UnicodeDecodeError as error:
        raise UserError(
            f"{env_file}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from None
    for binding in bindings:
        if binding.error:
            text = binding.original.string.split("=")[0].strip()
            raise UserError(f"{env_file}:{binding.original.line}: cannot read {text!r}; a line is NAME=value")
    return {binding.key.upper(): binding.original.line for binding in bindings if binding.key}


def _refuse_unknown(env_file: Path | None, lines: dict[str, int]) -> None:
    known = setting_names()
    problems = []
    for name, line in lines.items():
        if name in known or name.startswith(FOREIGN_PREFIXES):
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "see .env.example for all names"
        problems.append(f"{env_file}:{line}: unknown setting {name}; {hint}")
    if problems:
        raise UserError("\n".join(problems))


def _refuse_overlaps(settings: Settings) -> None:
    """Refuse places of which one would take the other's: the copy and the report are replaced whole."""
    kept = {
        "DATA_DIR": settings.data_dir,
        "ARTIFACTS_DIR": settings.artifacts_dir,
        "WAREHOUSE_PATH": settings.warehouse,
        "ANALYTICS_PATH": settings.analytics,
    }
    if settings.analytics.resolve() == settings.warehouse.resolve():
        raise UserError(
            f"ANALYTICS_PATH and WAREHOUSE_PATH: both are {settings.warehouse}; the copy would replace the warehouse"
        )
    for name, path in kept.items():
        if path.resolve().is_relative_to(settings.report.resolve()):
            raise UserError(
                f"REPORT_DIR: {settings.report} is or holds {name} ({path}), and the report is replaced whole; choose "
                "a folder of its own"
            )


def _describe(problem: Any, env_file: Path | None, lines: dict[str, int]) -> str:
    field = str(problem["loc"][0])
    name = field.upper()
    in_environment = any(key.upper() == name for key in os.environ)
    place = f"{env_file}:{lines[name]}" if name in lines and not in_environment else "environment"
    value = problem["input"]
    found = "" if _is_secret(field) else f" (found {(shown_address(value) if isinstance(value, str) else value)!r})"
    return f"{place}: {name}: {problem['msg'].removeprefix('Value error, ')}{found}"


def _is_secret(field: str) -> bool:
    return "SecretStr" in str(Settings.model_fields[field].annotation) if field in Settings.model_fields else True
