"""Resources are the settings, field by field."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from painpoint_platform.definitions import build_resources
from painpoint_platform.settings import Settings, load_settings

# Settings that no resource carries: they are read where definitions are built or where the command line runs.
ELSEWHERE = {
    "alert_webhook_url", "analytics_path", "artifacts_dir", "data_dir", "earnings_calls_as_source",
    "partitions_start_date", "recheck_budget_per_day", "warehouse_path",
}  # fmt: skip


def other_value(name: str, default: Any) -> Any:
    choices = {
        "embedding_backend": "torch", "embedding_precision": "fp32", "clustering_reducer": "none",
        "partitions_start_date": "2025-06-01", "qa_model": "always", "qa_margin": 0.3,
    }  # fmt: skip
    if name in choices:
        return choices[name]
    if isinstance(default, int | float) or name == "llm_budget_usd":
        return (default or 0) + 1
    return "http://changed" if name.endswith(("_url", "_endpoint")) else f"changed-{name}"


def test_every_setting_reaches_a_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that nobody reads would be a promise that nobody keeps."""
    plain = build_resources(load_settings(None))
    for name, field in Settings.model_fields.items():
        if name in ELSEWHERE:
            continue
        value = other_value(name, field.default)
        settings = load_settings(None, **{name: value})
        secret = isinstance(getattr(settings, name), SecretStr)
        monkeypatch.delenv(name.upper(), raising=False)
        changed = build_resources(settings)
        differing = [key for key, resource in changed.items() if dict(resource) != dict(plain[key])]
        assert len(differing) == 1, f"{name} reaches {differing or 'no resource'}"
        if secret:
            # Not by monkeypatch: it would put back what the resource has put there.
            os.environ.pop(name.upper())


def test_everything_is_written_below_the_data_folder(tmp_path: Path) -> None:
    resources = build_resources(load_settings(None, data_dir=tmp_path))
    paths = [
        resources["warehouse"].database, resources["analytics"].path, resources["llm"].state_path,
        resources["embedding"].cache_dir, resources["collectors"].author_salt_path,
    ]  # fmt: skip
    assert all(Path(path).is_relative_to(tmp_path) for path in paths)
