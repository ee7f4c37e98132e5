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


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATA_DIR", "taken", "taken is a file; expected a folder"),
        ("REPORT_DIR", "taken/report", "taken is a file"),
        ("WAREHOUSE_PATH", "folder", "is a folder; expected a file"),
        ("WAREHOUSE_PATH", ":memory:", "expected one on a local disk"),
        ("ARTIFACTS_DIR", "s3://bucket/runs", "expected one on a local disk"),
        ("COURSES_INBOX", "~nobody-of-that-name/x", "no such user"),
        ("COURSE_LIST", "x" * 300, "cannot be looked at (File name too long)"),
        ("DATA_DIR", "'in quotes'", "stands in quotes; leave them out"),
        ("LLM_LOCAL_MODEL", "embedded/\nv1", "one line"),
        ("LLM_LOCAL_BASE_URL", "localhost:11434", "expected http://HOST:PORT"),
        ("LLM_TOKEN_ENDPOINT", "https://", "expected http://HOST:PORT"),
        ("POCKETBASE_URL", "http://localhost:eighty", "expected http://HOST:PORT"),
        ("GITHUB_API_URL", "ftp://example.org", "expected http://HOST:PORT"),
        ("LLM_TIMEOUT_S", "inf", "finite number"),
        ("COLLECT_DEADLINE_S", "1e9", "less than or equal to 86400"),
        ("LLM_BUDGET_USD", "nan", "finite number"),
        ("LINEAGE_DAYS", "99999999999999999999", "less than or equal to 3650"),
        ("PARTITIONS_START_DATE", "0001-01-01", "1990-01-01"),
    ],
)
def test_a_value_that_would_fail_later_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    (tmp_path / "taken").touch()
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=rf"environment: {name}: ") as caught:
        load_settings(None)
    assert expected in str(caught.value)


def test_blanks_around_a_value_do_not_count_but_for_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DATA_DIR": " x ", "LLM_LOCAL_MODEL": " embedded/v1", "POCKETBASE_URL": " ",
                        "POCKETBASE_PASSWORD": " x", "GITHUB_TOKEN": " "}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    settings = load_settings(None)
    assert (settings.data_dir, settings.llm_local_model, settings.pocketbase_url) == (Path("x"), "embedded/v1", None)
    assert settings.pocketbase_password is not None
    assert settings.pocketbase_password.get_secret_value() == " x"
    assert settings.github_token is None


def test_a_home_folder_in_the_file_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings(write(tmp_path, "DATA_DIR=~/data\n")).warehouse == tmp_path / "data" / "painpoint.duckdb"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"ANALYTICS_PATH": "data/../data/painpoint.duckdb"}, "would replace the warehouse"),
        ({"REPORT_DIR": "data"}, "REPORT_DIR: data is or holds DATA_DIR"),
        ({"REPORT_DIR": "."}, "REPORT_DIR: . is or holds DATA_DIR"),
        ({"REPORT_DIR": "out", "WAREHOUSE_PATH": "out/w.duckdb"}, "is or holds WAREHOUSE_PATH"),
    ],
)
def test_places_that_would_take_each_others_are_refused(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, str], expected: str
) -> None:
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=expected):
        load_settings(None)


def test_a_refused_address_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCKETBASE_URL", "ftp://ada:hunter2@example.org?key=hush")
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "hooks.example.org/secret-path")
    with pytest.raises(UserError, match=r"found 'ftp://example\.org'") as caught:
        load_settings(None)
    assert "ALERT_WEBHOOK_URL: is no address" in str(caught.value)
    assert all(secret not in str(caught.value) for secret in ("hunter2", "hush", "secret-path"))


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
