"""What LiteLLM's exceptions mean: try again, or change a setting.

Belongs here: the mapping by HTTP status, Retry-After, and wording that shows no secret and no collected text.
Does not belong here: trying again (``transport``).
"""

import re
from collections.abc import Iterable
from typing import Any

from painpoint_platform.llm.certificates import is_refused_certificate
from painpoint_platform.llm.chat import PermanentModelError, TransientModelError
from painpoint_platform.llm.endpoints import Endpoint
from painpoint_platform.llm.retry_after import seconds_to_wait
from painpoint_platform.llm.scrubbing import scrub

LONGEST_DETAIL = 200
MEMORY_ADDRESS = re.compile(r"\s*\w*:?<[^<>]* object at 0x[0-9a-f]+>")
# What LiteLLM finds out by itself it reports under various statuses.
FOUND_BEFORE_THE_CALL = {"missing credentials": 401, "llm provider not provided": 404}
CLASS_PREFIXES = re.compile(r"^(?:litellm\.)?(?:\w+(?:Error|Exception)(?: Error)?(?::| -) ?)+", re.ASCII)


def translate(
    error: Exception, endpoint: Endpoint, token: str | None = None
) -> TransientModelError | PermanentModelError:
    """Return the error to raise instead; the two types say what they carry.

    Args:
        token: the bearer token that the call was made with, where LLM_TOKEN_ENDPOINT is set.
    """
    detail = _detail(error, [endpoint.api_key, token])
    status = next((code for words, code in FOUND_BEFORE_THE_CALL.items() if words in detail.lower()), _status(error))
    if status == 429:
        return TransientModelError(f"rate limit (429): {detail}", retry_after_s=seconds_to_wait(_headers(error)))
    if _is_timeout(error):
        return TransientModelError(f"no answer in time (LLM_TIMEOUT_S): {detail}", billed=True)
    if status is None or status >= 500:
        return _server_failure(error, endpoint, detail)
    if status in {401, 403}:
        return _access_refused(status, endpoint, detail, has_token=token is not None)
    return _refusal(status, endpoint, detail)


def _access_refused(status: int, endpoint: Endpoint, detail: str, *, has_token: bool) -> PermanentModelError:
    mend = f"set {endpoint.setting}_API_KEY or the provider's own key variable to a valid key"
    if has_token:
        mend = "check that the client LLM_CLIENT_ID, whose token came from LLM_TOKEN_ENDPOINT, may use this model"
    return PermanentModelError(
        f"access refused ({status}): {detail}; {mend}",
        model_wide=True,
        kind="authentication",
        new_token_may_help=has_token and status == 401,
    )


def _refusal(status: int, endpoint: Endpoint, detail: str) -> PermanentModelError:
    if status == 402:
        return PermanentModelError(f"payment required (402): {detail}; check the account's credit", model_wide=True)
    if status == 404:
        names = f"check {endpoint.setting}_MODEL and {endpoint.setting}_BASE_URL"
        return PermanentModelError(f"model or address not found (404): {detail}; {names}", model_wide=True)
    return PermanentModelError(f"request refused ({status}): {detail}", model_wide=False)


def _server_failure(error: Exception, endpoint: Endpoint, detail: str) -> TransientModelError | PermanentModelError:
    if is_refused_certificate(error):
        return PermanentModelError(
            f"the server's certificate is not trusted: {detail}; check LLM_CA_BUNDLE", model_wide=True
        )
    reached = not _has_cause(error, "ConnectError")
    place = f"is a server running at {endpoint.setting}_BASE_URL" if endpoint.base_url else "is there a network"
    where = "" if reached else f"; {place}?"
    # A status line is the provider's word that nothing was done; a broken reply may have been paid for.
    billed = reached and _headers(error) is None
    return TransientModelError(
        f"server or connection failed: {detail}{where}", retry_after_s=seconds_to_wait(_headers(error)), billed=billed
    )


def _detail(error: Exception, secrets: Iterable[str | None]) -> str:
    """The server's own words, shortened. Scrubbed before the cut, or half a key could remain."""
    text = MEMORY_ADDRESS.sub("", " ".join(scrub(str(error), secrets).split()))
    while (shorter := CLASS_PREFIXES.sub("", text)) != text:
        text = shorter
    return text[:LONGEST_DETAIL].rstrip(" .") or type(error).__name__


def _status(error: Exception) -> int | None:
    status = getattr(error, "status_code", None)
    return int(status) if isinstance(status, int | str) and str(status).isdigit() else None


def _is_timeout(error: Exception) -> bool:
    return any("Timeout" in kind.__name__ for kind in type(error).__mro__)


def _has_cause(error: BaseException | None, name: str) -> bool:
    while error is not None:
        if type(error).__name__ == name:
            return True
        error = error.__cause__ or error.__context__
    return False


def _headers(error: Exception) -> Any:
    headers = getattr(error, "litellm_response_headers", None)
    return headers if headers is not None else getattr(getattr(error, "response", None), "headers", None) or None
