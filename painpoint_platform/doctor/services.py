"""Servers and credentials: language models, sources, PocketBase.

Belongs here: whether somebody answers, and what is set. Does not belong here: trying a credential, which the run itself
does (a token server is the exception: nothing else would say why models refuse).
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from painpoint_platform.doctor.finding import Finding, State, reached, tried
from painpoint_platform.errors import PainpointError, UserError
from painpoint_platform.setting_values import shown_address
from painpoint_platform.settings import Settings

if TYPE_CHECKING:
    from pydantic import SecretStr

    from painpoint_platform.llm.endpoints import Endpoint


def models(settings: Settings, online: bool) -> Iterator[Finding]:
    """Look at the language models, at what a run may spend on them, and at what they are told."""
    from painpoint_platform.llm.endpoints import EMBEDDED, Endpoint
    from painpoint_platform.llm.prompts import changed_prompts

    local_key, remote_key = _revealed(settings.llm_local_api_key), _revealed(settings.llm_remote_api_key)
    for endpoint in (
        Endpoint(settings.llm_local_model, "LOCAL", settings.llm_local_base_url, local_key),
        Endpoint(settings.llm_remote_model, "REMOTE", settings.llm_remote_base_url, remote_key),
    ):
        role, address = endpoint.role.lower(), endpoint.base_url
        found = tried("models", role, partial(_model, endpoint, by_token=settings.llm_token_endpoint is not None))
        if found.state == "ok" and address and online and not endpoint.is_embedded:
            found = reached("models", role, address, f"{endpoint.name} at {shown_address(address)}")
        yield found
    if settings.llm_budget_usd is None and settings.llm_remote_model != EMBEDDED:
        yield Finding("models", "budget", "off", "LLM_BUDGET_USD is not set: a run may spend without limit")
    changed = changed_prompts()
    told = "; ".join(changed) or "the templates are those that were published"
    yield Finding("models", "prompts", "missing" if changed else "ok", told)


def _model(endpoint: "Endpoint", *, by_token: bool) -> str:
    from painpoint_platform.llm.endpoints import require_model_name

    if endpoint.is_embedded:
        return f"{endpoint.name}: on this machine, no key needed"
    require_model_name(endpoint)
    from painpoint_platform.llm.litellm_model import LiteLLMModel

    lacking = LiteLLMModel(endpoint).lacks(by_token=by_token)
    if lacking:
        raise UserError(lacking)
    at = f" at {shown_address(endpoint.base_url)}" if endpoint.base_url else ""
    return f"{endpoint.name}{at}, not contacted"


def access(settings: Settings, online: bool) -> Iterator[Finding]:
    """Look at OAuth of the model servers, and at the authorities that their certificates are judged by."""
    if settings.llm_ca_bundle:
        yield tried("models", "certificates", partial(_authorities, settings.llm_ca_bundle))
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
        yield tried("models", "OAuth", lambda: _token(settings))


def _authorities(ca_bundle: Path) -> str:
    from painpoint_platform.llm.certificates import trusted_by

    return f"{ca_bundle}: {trusted_by(ca_bundle).cert_store_stats()['x509_ca']} authorities, instead of the public ones"


def _token(settings: Settings) -> str:
    import asyncio

    from painpoint_platform.llm.endpoints import Access, open_tokens

    endpoint, client = settings.llm_token_endpoint or "", settings.llm_client_id
    asyncio.run(
        open_tokens(Access(endpoint, client, _revealed(settings.llm_client_secret), settings.llm_ca_bundle)).token()
    )
    return f"{shown_address(endpoint)} gives a token to {client}"


def _revealed(secret: "SecretStr | None") -> str | None:
    return secret.get_secret_value() if secret else None


def sources(settings: Settings, online: bool) -> Iterator[Finding]:
    """Look at what is to be collected, and with which credentials."""
    from painpoint_platform.issues.query_file import load_queries
    from painpoint_platform.issues.sources import APIS

    try:
        enabled = load_queries(settings.sources).enabled
    except PainpointError as error:
        yield Finding("sources", str(settings.sources), "missing", str(error))
        return
    yield Finding("sources", "queries", "ok", f"{settings.sources}: {', '.join(enabled)} enabled")
    if settings.earnings_calls_as_source:
        yield Finding("sources", "earnings_calls", "ok", "read from gold.qa_groups (EARNINGS_CALLS_AS_SOURCE)")
    for api in (APIS[source] for source in enabled):
        if not all(getattr(settings, name) for name in api.credentials):
            names = " and ".join(name.upper() for name in api.credentials)
            state: State = "off" if api.without_credentials else "missing"
            yield Finding("sources", api.source, state, f"{names} not set; {api.without_credentials or 'needed'}")
        if online:
            address = getattr(settings, api.address)
            yield reached("sources", api.source, address, shown_address(address))


def publishing(settings: Settings, online: bool) -> Iterator[Finding]:
    """Look at the PocketBase that live issues go to."""
    if not settings.pocketbase_url:
        yield Finding("publishing", "PocketBase", "off", "POCKETBASE_URL is not set: live issues are not published")
        return
    for name in ("pocketbase_email", "pocketbase_password"):
        if not getattr(settings, name):
            yield Finding("publishing", name.upper(), "missing", "not set, but POCKETBASE_URL is")
    if online:
        address = settings.pocketbase_url
        yield reached("publishing", "PocketBase", f"{address.rstrip('/')}/api/health", shown_address(address))
