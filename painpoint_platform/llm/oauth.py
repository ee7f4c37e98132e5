"""Bearer tokens for the model servers by OAuth 2.0 client credentials (RFC 6749, 4.4).

Belongs here: fetching a token, knowing when it ends, and wording for what can go wrong at the token server.
Does not belong here: using the token in a call (``litellm_model``), repeating a call that was refused (``transport``).
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
import tenacity

from painpoint_platform.llm.certificates import is_refused_certificate, trusted_by
from painpoint_platform.llm.chat import PermanentModelError, TransientModelError
from painpoint_platform.llm.retry_after import seconds_to_wait
from painpoint_platform.llm.scrubbing import scrub

TIMEOUT_S = 20.0
# A token is renewed this long before it ends, for a call takes its time; short-lived ones after most of their life.
MARGIN_S = 60.0
MARGIN_SHARE = 0.2
LONGEST_DETAIL = 200
FORM = {"grant_type": "client_credentials"}


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """How this platform proves itself to the token server: LLM_TOKEN_ENDPOINT, LLM_CLIENT_ID, LLM_CLIENT_SECRET."""

    token_endpoint: str
    client_id: str
    client_secret: str = field(repr=False)
    ca_bundle: Path | None = None


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token, and until when it is used on the source's clock, in seconds; infinity where the server did not say."""

    value: str = field(repr=False)
    use_until: float


class TokenSource:
    """Gives the current token, and fetches the next one when that ends or was refused. Lives on the background loop.

    Args:
        credentials: who asks, and where.
        clock: seconds that only go forward.

    Raises:
        UserError: the CA bundle cannot be used.
    """

    def __init__(self, credentials: ClientCredentials, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.credentials = credentials
        self._clock = clock
        self._trust = trusted_by(credentials.ca_bundle) if credentials.ca_bundle else None
        self._current: BearerToken | None = None
        self._under_way: asyncio.Task[BearerToken] | None = None
        self._in_header = False

    async def token(self) -> str:
        """Return a token that is believed to be valid; see ``renew`` for what is raised."""
        if self._current and self._clock() < self._current.use_until:
            return self._current.value
        return await self.renew()

    def discard(self, token: str) -> None:
        """Use a token no more that a model's server has refused. Another one may be current already."""
        if self._current and self._current.value == token:
            self._current = None

    async def renew(self) -> str:
        """Fetch a new token. Everyone who asks while a request is under way waits for that one.

        Raises:
            PermanentModelError: the client or the endpoint is refused; the message names the settings.
            TransientModelError: the token server does not answer now.
        """
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._fetch())
            self._under_way.add_done_callback(self._settle)
        # A call that is cancelled must not take the request away from the others that wait for it.
        return (await asyncio.shield(self._under_way)).value

    async def renew_patiently(self) -> None:
        """As ``renew``, asking again a few times while the failure may pass."""
        patience = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(TransientModelError),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=5),
            stop=tenacity.stop_after_attempt(3),
            reraise=True,
        )
        await patience(self.renew)

    def _settle(self, ended: "asyncio.Task[BearerToken]") -> None:
        self._under_way = None
        if not ended.cancelled() and ended.exception() is None:
            self._current = ended.result()

    async def _fetch(self) -> BearerToken:
        asked_at = self._clock()
        response = await self._post()
        if not response.is_success:
            raise self._refusal(response)
        found = _object(response)
        token, kind = found.get("access_token"), found.get("token_type") or "bearer"
        if not isinstance(token, str) or not token or str(kind).lower() != "bearer":
            raise self._failure("answers without a bearer token; check its address")
        return BearerToken(token, asked_at + _seconds_of_use(found.get("expires_in")))

    async def _post(self) -> httpx.Response:
        """Ask with the credentials in the form, as most servers want them, or in the header, as all must allow."""
        client_id, secret = self.credentials.client_id, self.credentials.client_secret
        in_form = FORM | {"client_id": client_id, "client_secret": secret}
        # RFC 6749, 2.3.1: both are form-encoded before they go into the header.
        in_header = httpx.BasicAuth(quote_plus(client_id), quote_plus(secret))
        try:
            async with httpx.AsyncClient(verify=self._trust or True, timeout=TIMEOUT_S) as http:
                if not self._in_header:
                    response = await http.post(self.credentials.token_endpoint, data=in_form)
                    if not _refuses_client(response):
                        return response
                response = await http.post(self.credentials.token_endpoint, data=FORM, auth=in_header)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise self._failure(f"has no valid address ({self._scrub(str(error))})") from None
        except httpx.HTTPError as error:
            raise self._silence(error) from None
        self._in_header = response.is_success
        return response

    def _refusal(self, response: httpx.Response) -> PermanentModelError | TransientModelError:
        status, found = response.status_code, _object(response)
        words = [str(found[name]) for name in ("error", "error_description") if found.get(name)]
        said = ": ".join([str(status), *(self._scrub(word) for word in words)])
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            wait_s = seconds_to_wait(response.headers)
            return TransientModelError(f"{self._place} fails ({said})", retry_after_s=wait_s, kind="authentication")
        if status in {httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            return self._failure(f"refuses the client ({said}); check LLM_CLIENT_ID and LLM_CLIENT_SECRET")
        return self._failure(f"is no token endpoint ({said}); check its address")

    def _silence(self, error: httpx.HTTPError) -> PermanentModelError | TransientModelError:
        detail = self._scrub(str(error)) or type(error).__name__
        if is_refused_certificate(error):
            return self._failure(f"has a certificate that is not trusted ({detail}); check LLM_CA_BUNDLE")
        return TransientModelError(f"{self._place} does not answer ({detail})", kind="authentication")

    def _failure(self, sentence: str) -> PermanentModelError:
        return PermanentModelError(f"{self._place} {sentence}", model_wide=True, kind="authentication")

    @property
    def _place(self) -> str:
        """The endpoint without what a person may have put into its address."""
        address = self.credentials.token_endpoint
        return f"the token server {self._scrub(address.partition('?')[0])} (LLM_TOKEN_ENDPOINT)"

    def _scrub(self, text: str) -> str:
        return " ".join(scrub(text, [self.credentials.client_secret]).split())[:LONGEST_DETAIL]


def _refuses_client(response: httpx.Response) -> bool:
    """RFC 6749, 5.2: 401, or 400 with ``invalid_client``; also 400 with ``invalid_request`` for a form not wanted."""
    wrong = _object(response).get("error") in {"invalid_client", "invalid_request"}
    return response.status_code == httpx.codes.UNAUTHORIZED or (
        response.status_code == httpx.codes.BAD_REQUEST and wrong
    )


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds_of_use(expires_in: object) -> float:
    """How long a token is used. Without a usable ``expires_in``, until a model's server refuses it."""
    try:
        lifetime = float(expires_in)  # type: ignore[arg-type]  # some servers send the number as a string
    except (TypeError, ValueError):
        return math.inf
    if not math.isfinite(lifetime):
        return math.inf
    return lifetime - min(MARGIN_S, MARGIN_SHARE * lifetime)
