"""``painpoint doctor``: what is configured, reachable and missing, in plain words.

Belongs here: the checks and how they are shown. Does not belong here: mending anything.
"""

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from painpoint_platform.cli.console import FINDING, out, print_json, table
from painpoint_platform.errors import PainpointError
from painpoint_platform.settings import Settings, load_settings

State = Literal["ok", "missing", "off"]
REACH_TIMEOUT_S = 5.0
ENOUGH_DISK_GB = 2.0
MARKS = {"ok": "✓", "missing": "✗", "off": "–"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``off`` is a choice, ``missing`` something to mend; no text holds a secret."""

    area: str
    what: str
    state: State
    detail: str


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Contact no server.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Say what is configured, what can be reached and what is missing. Exit code 1 when something is missing."""
    settings = load_settings()
    findings = [
        finding
        for look in (_files, _encoder, _models, _access, _sources, _courses, _transcripts, _publishing, _operations)
        for finding in look(settings, not offline)
    ]
    missing = [finding for finding in findings if finding.state == "missing"]
    if as_json:
        print_json({"healthy": not missing, "findings": [asdict(finding) for finding in findings]})
    else:
        rows = [(MARKS[finding.state], finding.area, finding.what, finding.detail) for finding in findings]
        out.print(table("painpoint doctor", ["", "area", "what", "found"], rows))
        out.print("Everything that is switched on works." if not missing else f"{len(missing)} things to mend (✗).")
    if missing:
        raise typer.Exit(FINDING)


def _files(settings: Settings, _online: bool) -> Iterator[Finding]:
    folder = settings.data_dir if settings.data_dir.exists() else settings.data_dir.absolute().parent
    free = shutil.disk_usage(folder).free / 1e9
    state: State = "ok" if free >= ENOUGH_DISK_GB else "missing"
    yield Finding("files", "disk", state, f"{free:.1f} GB free at {folder} (DATA_DIR)")
    yield _warehouse(settings)
    analytics = settings.analytics
    if analytics.exists():
        yield Finding("files", "analysts' copy", "ok", f"{analytics}, {analytics.stat().st_size / 1e6:.1f} MB")
    else:
        yield Finding("files", "analysts' copy", "off", f"{analytics} is written by the first run")


def _warehouse(settings: Settings) -> Finding:
    from painpoint_platform.warehouse.connection import open_read
    from painpoint_platform.warehouse.queries import fetch

    if not settings.warehouse.exists():
        return Finding("files", "warehouse", "off", f"{settings.warehouse} is made by the first run")

    def look() -> str:
        with open_read(settings.warehouse, lock_timeout_s=REACH_TIMEOUT_S) as connection:
            row = fetch(connection, "views/warehouse_summary").row(0, named=True)
        return (
            f"{settings.warehouse}: {row['item_count']:,} items of {row['day_count']} days, "
            f"{row['issue_count']:,} issues, schema version {row['schema_version']}"
        )

    return _tried("files", "warehouse", look)


def _encoder(settings: Settings, _online: bool) -> Iterator[Finding]:
    backend = settings.embedding_backend
    has_openvino = importlib.util.find_spec("openvino") is not None
    chosen = ("openvino" if has_openvino else "torch") if backend == "auto" else backend
    module = {"openvino": "openvino", "torch": "torch", "onnx": "onnxruntime"}[chosen]
    if importlib.util.find_spec(module) is None:
        extra = {"openvino": "fast", "onnx": "onnx"}.get(chosen, "")
        yield Finding("encoder", chosen, "missing", f"pip install 'painpoint-platform[{extra}]'")
        return
    precision = f", {settings.embedding_precision}" if chosen == "openvino" else ""
    yield Finding("encoder", chosen, "ok", f"all-MiniLM-L6-v2{precision}; reducer {settings.clustering_reducer}")


def _models(settings: Settings, online: bool) -> Iterator[Finding]:
    from painpoint_platform.llm.endpoints import EMBEDDED

    for role, model, base_url in (
        ("local", settings.llm_local_model, settings.llm_local_base_url),
        ("remote", settings.llm_remote_model, settings.llm_remote_base_url),
    ):
        if model == EMBEDDED:
            yield Finding("models", role, "ok", f"{model}: on this machine, no key needed")
        elif base_url and online:
            yield _reached("models", role, base_url, f"{model} at {base_url}")
        else:
            yield Finding("models", role, "ok", f"{model}{f' at {base_url}' if base_url else ''}, not contacted")
    if settings.llm_budget_usd is None and settings.llm_remote_model != EMBEDDED:
        yield Finding("models", "budget", "off", "LLM_BUDGET_USD is not set: a run may spend without limit")


def _access(settings: Settings, online: bool) -> Iterator[Finding]:
    """OAuth of the model servers, and the authorities that their certificates are judged by."""
    if settings.llm_ca_bundle:
        yield _tried("models", "certificates", partial(_authorities, settings.llm_ca_bundle))
    given = {"LLM_CLIENT_ID": settings.llm_client_id, "LLM_CLIENT_SECRET": settings.llm_client_secret}
    if settings.llm_token_endpoint is None:
        if any(given.values()):
            yield Finding(
                "models", "OAuth", "missing", "a client is set, but LLM_TOKEN_ENDPOINT is not: it is not used"
            )
        return
    for name in (name for name, value in given.items() if not value):
        yield Finding("models", name, "missing", "not set, but LLM_TOKEN_ENDPOINT is")
    if settings.llm_local_api_key or settings.llm_remote_api_key:
        yield Finding("models", "API keys", "off", "not used, for LLM_TOKEN_ENDPOINT is set")
    if online and all(given.values()):
        yield _tried("models", "OAuth", lambda: _token(settings))


def _authorities(ca_bundle: Path) -> str:
    from painpoint_platform.llm.certificates import trusted_by

    return f"{ca_bundle}: {trusted_by(ca_bundle).cert_store_stats()['x509_ca']} authorities, instead of the public ones"


def _token(settings: Settings) -> str:
    import asyncio

    from painpoint_platform.llm.endpoints import Access, open_tokens

    secret = settings.llm_client_secret
    access = Access(
        settings.llm_token_endpoint, settings.llm_client_id, secret.get_secret_value() if secret else None,
        settings.llm_ca_bundle,
    )  # fmt: skip
    asyncio.run(open_tokens(access).token())
    return f"{settings.llm_token_endpoint} gives a token to {settings.llm_client_id}"


def _sources(settings: Settings, online: bool) -> Iterator[Finding]:
    from painpoint_platform.issues.query_file import load_queries

    try:
        enabled = load_queries(settings.sources).enabled
    except PainpointError as error:
        yield Finding("sources", str(settings.sources), "missing", str(error))
        return
    yield Finding("sources", "queries", "ok", f"{settings.sources}: {', '.join(enabled)} enabled")
    if settings.earnings_calls_as_source:
        yield Finding("sources", "earnings_calls", "ok", "read from gold.qa_groups (EARNINGS_CALLS_AS_SOURCE)")
    credentials = {
        "github": (settings.github_token, "GITHUB_TOKEN", "works without it, at 10 searches a minute"),
        "stackoverflow": (settings.stackexchange_key, "STACKEXCHANGE_KEY", "works without it, 300 requests a day"),
        "reddit": (settings.reddit_client_secret, "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET", ""),
    }
    addresses = {
        "github": settings.github_api_url,
        "stackoverflow": settings.stackexchange_api_url,
        "reddit": settings.reddit_auth_url,
        "hackernews": settings.hackernews_api_url,
    }
    for source in enabled:
        secret, name, without = credentials.get(source, (True, "", ""))
        if not secret:
            yield Finding("sources", source, "off" if without else "missing", f"{name} not set; {without or 'needed'}")
        if online:
            yield _reached("sources", source, addresses[source], addresses[source])


def _courses(settings: Settings, _online: bool) -> Iterator[Finding]:
    from painpoint_platform.courses.taxonomy import load_taxonomy

    waiting = len(list(settings.course_inbox.glob("*/predictions_FULL.csv")))
    if not waiting:
        yield Finding("courses", "inbox", "off", f"no Stage-1 run in {settings.course_inbox} (COURSES_INBOX)")
    else:
        yield Finding("courses", "inbox", "ok", f"{waiting} Stage-1 runs in {settings.course_inbox}")
        if not settings.course_list_file.exists():
            yield Finding(
                "courses", "course list", "missing", f"{settings.course_list_file} is not there (COURSE_LIST)"
            )
    yield _tried(
        "courses", "taxonomy", lambda: f"{len(load_taxonomy(settings.courses_taxonomy_file))} labels of themes"
    )


def _transcripts(settings: Settings, _online: bool) -> Iterator[Finding]:
    waiting = len(list(settings.transcript_inbox.glob("*.json")))
    state: State = "ok" if waiting else "off"
    yield Finding("transcripts", "inbox", state, f"{waiting} files in {settings.transcript_inbox} (TRANSCRIPTS_INBOX)")
    how = f"QA_MODEL={settings.qa_model}" + (
        f", below a margin of {settings.qa_margin:g}" if settings.qa_model == "auto" else ""
    )
    yield Finding("transcripts", "boundaries", "ok", f"rules first; {how}")


def _publishing(settings: Settings, online: bool) -> Iterator[Finding]:
    if not settings.pocketbase_url:
        yield Finding("publishing", "PocketBase", "off", "POCKETBASE_URL is not set: live issues are not published")
        return
    for name in ("pocketbase_email", "pocketbase_password"):
        if not getattr(settings, name):
            yield Finding("publishing", name.upper(), "missing", "not set, but POCKETBASE_URL is")
    if online:
        yield _reached("publishing", "PocketBase", f"{settings.pocketbase_url}/api/health", settings.pocketbase_url)


def _operations(settings: Settings, _online: bool) -> Iterator[Finding]:
    alerts = settings.alert_webhook_url is not None
    yield Finding(
        "operations", "alerts", "ok" if alerts else "off", "ALERT_WEBHOOK_URL " + ("set" if alerts else "not set")
    )
    home = Path(settings.data_dir / "dagster")
    yield Finding("operations", "Dagster", "ok", f"DAGSTER_HOME defaults to {home}")


def _reached(area: str, what: str, url: str, shown: str) -> Finding:
    import httpx

    try:
        status = httpx.get(url, timeout=REACH_TIMEOUT_S).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding(area, what, "missing", f"{shown} cannot be reached: {type(error).__name__}")
    # Any answer but a server's own failure shows that somebody is there; credentials are tried by the run itself.
    return Finding(area, what, "ok" if status < 500 else "missing", f"{shown} answers {status}")


def _tried(area: str, what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(area, what, "ok", look())
    except PainpointError as error:
        return Finding(area, what, "missing", str(error))
