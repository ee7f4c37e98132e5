"""Settings: names, places of mistakes, and that every document of them agrees."""

from pathlib import Path

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.paths import bundled
from painpoint_platform.settings import Settings, load_settings, setting_names


def write(folder: Path, text: str) -> Path:
    file = folder / "settings.env"
    file.write_text(text)
    return file


def test_defaults_need_no_file_and_no_environment() -> None:
    settings = load_settings(None)
    assert settings.warehouse == Path("data/painpoint.duckdb")
    assert (settings.llm_local_model, settings.llm_remote_model) == ("embedded/v1", "embedded/v1")
    assert settings.publish_min_authors == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a comment\nGITHUB_TOKN=abc\n", ":2: unknown setting GITHUB_TOKN; did you mean GITHUB_TOKEN?"),
        ("DATA_DIR=x\nEMBEDDING_BACKEND=gpu\n", ":2: EMBEDDING_BACKEND: Input should be 'auto', 'torch'"),
        ("LLM_MAX_CONCURRENCY=0\n", ":1: LLM_MAX_CONCURRENCY: Input should be greater than or equal to 1 (found '0')"),
        ("PARTITIONS_START_DATE=2025-13-01\n", ":1: PARTITIONS_START_DATE"),
        ("this is no assignment\n", ":1: cannot read 'this is no assignment'; a line is NAME=value"),
    ],
)
def test_a_mistake_names_its_file_line_and_what_is_allowed(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        load_settings(write(tmp_path, text))
    assert expected in str(caught.value)
    assert "settings.env" in str(caught.value)


def test_a_mistake_in_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTERING_REDUCER", "magic")
    with pytest.raises(UserError, match=r"environment: CLUSTERING_REDUCER: .*found 'magic'"):
        load_settings(None)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLISH_MIN_AUTHORS", "7")
    assert load_settings(write(tmp_path, "PUBLISH_MIN_AUTHORS=5\n")).publish_min_authors == 7


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_bytes(b"DATA_DIR=\xff\xfe\n")
    with pytest.raises(UserError, match="not UTF-8"):
        load_settings(file)


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "GITHUB_TOKEN=very-secret\nPOCKETBASE_PASSWORD=hush\n"))
    assert "very-secret" not in repr(settings)
    assert "hush" not in str(settings.model_dump())


def test_providers_own_variables_are_no_mistake(tmp_path: Path) -> None:
    load_settings(write(tmp_path, "OPENAI_API_KEY=x\nDAGSTER_HOME=/srv\nPOSTGRES_PASSWORD=y\n"))


def test_the_example_file_explains_every_setting_and_no_other() -> None:
    lines = (bundled("dbt_like_sql").parent / ".env.example").read_text().splitlines()
    shown = {line[2:].split("=")[0] for line in lines if line.startswith("# ") and line[2:].split("=")[0].isupper()}
    assert shown == setting_names() | {"POSTGRES_PASSWORD"}
    assigned = (line[2:].split("=", 1) for line in lines if "=" in line and line[2:3].isupper())
    defaults = dict(assigned)
    for name, field in Settings.model_fields.items():
        assert defaults[name.upper()] == ("" if field.default is None else str(field.default)), name


def test_every_setting_has_a_meaning() -> None:
    assert all(field.description for field in Settings.model_fields.values())
