"""The one HTTP client that all collectors share.

Belongs here: sending, deciding whether a failure may pass or must be mended by a person, retrying, and the words of
both errors. Does not belong here: what an API's records mean (the four collectors), waiting times in headers
(``limits``), spacing (``pace``).
"""

import asyncio
import json
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar

import httpx
import tenacity
from pydantic import BaseModel, ValidationError

from painpoint_platform.errors import TransientError, UserError
from painpoint_platform.issues.collectors.limits import Limit, asked_wait, retry_after, used_up
from painpoint_platform.issues.collectors.pace import Pace

_SECRET_PARAMETERS = frozenset({"key", "access_token", "client_secret", "token"})
_EXCERPT_CHARACTERS = 200

Envelope = TypeVar("Envelope", bound=BaseModel)


class UnauthorizedError(UserError):
    """The API refused the credentials (401). A collector with a refreshable token may catch it once."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request may take (``timeout_s``) and for how long it is tried again (``deadline_s``), in seconds."""

    timeout_s: float = 30.0
    deadline_s: float = 900.0


def too_many_requests(response: httpx.Response, _payload: Any, now: float) -> Limit | None:
    """The limit rule of APIs that simply answer 429."""
    return Limit("too many requests", asked_wait(response.headers, now)) if response.status_code == 429 else None


@dataclass(frozen=True, slots=True)
class ApiProfile:
    """What the client must know about one API.

    Args:
        name: as a person calls it.
        base_url: without a trailing slash; paths are appended.
        url_setting: the setting that holds ``base_url``, to be named in errors.
        mend: from a status and the API's own message to what a person should do about it.
        limit: whether an answer (of any status, with its parsed body or None) is a refusal because of a limit.
        secrets: strings that must never appear in a message.
        headers: sent with every request, in place of the client's own of the same name.
    """

    name: str
    base_url: str
    url_setting: str
    mend: Callable[[int, str], str]
    limit: Callable[[httpx.Response, Any, float], Limit | None] = too_many_requests
    secrets: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


WORTH_TELLING_S = 2.0
_log = logging.getLogger(__name__)


@cache
def _trusted_certificates() -> ssl.SSLContext:
    """What httpx trusts by itself, read once a process: reading it takes 20 ms of every source and day."""
    return httpx.create_ssl_context()


class _TryAgainError(Exception):
    def __init__(self, what: str, wait_s: float | None = None, *, is_limit: bool = False) -> None:
        super().__init__(what)
        self.wait_s = wait_s
        self.is_limit = is_limit


class ApiClient:
    """One API, opened as an async context manager.

    Args:
        profile: the API.
        pace: when requests may be sent; its clock is the client's clock.
        patience: time-out and deadline.
        transport: replaces the network (an in-process server).
    """

    def __init__(
        self,
        profile: ApiProfile,
        *,
        pace: Pace,
        patience: Patience,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.profile = profile
        self.request_count = 0
        self._pace = pace
        self._patience = patience
        self._refuse_malformed_settings()
        # httpx logs whole URLs at INFO, and Stack Exchange takes its key in the URL.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._client = httpx.AsyncClient(
            headers={"User-Agent": "painpoint-platform/0.1", "Accept": "application/json"} | dict(profile.headers),
            timeout=patience.timeout_s,
            transport=transport,
            verify=_trusted_certificates(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def stand_still(self, seconds: float) -> None:
        """Send nothing for ``seconds``: for waits that an API states in its body."""
        self._pace.stand_still(seconds)

    async def get(self, path: str, params: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        """GET ``path`` and return the parsed JSON.

        Raises:
            UserError: something a person must mend (credentials, address, query, a changed API); names the URL without
                secrets, the status and the setting.
            TransientError: the API kept failing, or asks for a wait beyond the deadline.
        """
        return await self.send("GET", path, params=dict(params), headers=dict(headers or {}))

    async def send(self, method: str, path: str, **request: Any) -> Any:
        """Send any request; ``request`` goes to ``httpx.AsyncClient.request``. Raises as :meth:`get` does."""
        clock = self._pace.clock
        deadline = clock.now() + self._patience.deadline_s
        retrying = tenacity.AsyncRetrying(
            sleep=clock.sleep,
            retry=tenacity.retry_if_exception_type(_TryAgainError),
            wait=_wait,
            stop=lambda state: clock.now() + state.upcoming_sleep > deadline,
            before_sleep=self._tell,
            reraise=True,
        )
        url = f"{self.profile.base_url.rstrip('/')}/{path.lstrip('/')}"
        try:
            return await retrying(self._once, method, url, deadline, **request)
        except _TryAgainError as error:
            attempts = retrying.statistics["attempt_number"]
            raise TransientError(self._gave_up(error, attempts, url)) from None

    async def _once(self, method: str, url: str, deadline: float, **request: Any) -> Any:
        standstill = self._pace.standing_still_for()
        if self._pace.clock.now() + standstill > deadline:
            raise _TryAgainError("the limit of requests is used up", standstill, is_limit=True)
        await self._pace.turn()
        self.request_count += 1
        try:
            # httpx counts its time-out anew for every chunk; a server that drips must not hold a run for ever.
            async with asyncio.timeout(self._patience.timeout_s):
                response = await self._client.request(method, url, **request)
        except (TimeoutError, httpx.TimeoutException):
            raise _TryAgainError(f"no whole answer within {self._patience.timeout_s:g} s") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError) as error:
            raise UserError(
                f"{self.profile.name}: no request can be formed ({type(error).__name__}); check "
                f"{self.profile.url_setting} and the credentials for stray characters"
            ) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            self._refuse_untrusted_certificate(error, url)
            raise _TryAgainError(f"{type(error).__name__}: {error}") from None
        return self._judge(response)

    def _judge(self, response: httpx.Response) -> Any:
        now = self._pace.clock.now()
        payload, broken = _parse(response)
        if limit := self.profile.limit(response, payload, now):
            raise _TryAgainError(f"HTTP {response.status_code}, {limit.what}", limit.wait_s, is_limit=True)
        if response.status_code in (408, 425) or response.status_code >= 500:
            raise _TryAgainError(f"HTTP {response.status_code}", retry_after(response.headers, now))
        if not response.is_success:
            self._refuse(response, payload)
        if _is_html(response):
            raise UserError(
                self._say(
                    f"{self.profile.name}: {_safe(response.url)} answered with an HTML page where JSON was expected "
                    f"({_excerpt(response.text)!r}); a proxy or a login page is in the way, or "
                    f"{self.profile.url_setting} is not the API's address: set it to the one that answers with JSON"
                )
            )
        if broken:
            raise _TryAgainError(f"HTTP {response.status_code} with a body that breaks off or is no JSON ({broken})")
        if (rest := used_up(response.headers, now)) is not None:
            self._pace.stand_still(rest)
        return payload

    def _refuse(self, response: httpx.Response, payload: Any) -> NoReturn:
        status, message = response.status_code, _message(response, payload)
        kind = UnauthorizedError if status == 401 else UserError
        raise kind(
            self._say(
                f"{self.profile.name}: {_safe(response.url)} answered HTTP {status}: {message}. "
                f"{self.profile.mend(status, message)}"
            )
        )

    def _refuse_malformed_settings(self) -> None:
        try:
            url = httpx.URL(self.profile.base_url)
            usable = url.scheme in ("http", "https") and bool(url.host)
        except httpx.InvalidURL:
            usable = False
        if not usable:
            shown = "…@…" if "@" in self.profile.base_url else self.profile.base_url
            raise UserError(f"{self.profile.url_setting}: {shown!r} is no address; expected https://host/path")
        sent = (*self.profile.secrets, *self.profile.headers.values())
        if not all(text.isascii() and text.isprintable() for text in sent):
            raise UserError(
                f"{self.profile.name}: a credential or the user agent holds characters that no header can carry (a "
                "line break, an accent); set it again, without quotes or spaces around it"
            )

    def _refuse_untrusted_certificate(self, error: Exception, url: str) -> None:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise UserError(
                f"{self.profile.name}: the certificate of {_safe(httpx.URL(url))} is not trusted; set SSL_CERT_FILE to "
                f"your proxy's certificate, or check {self.profile.url_setting}"
            ) from None

    def _tell(self, state: tenacity.RetryCallState) -> None:
        """Say why nothing seems to happen: a limit or an outage may last for minutes."""
        if state.upcoming_sleep >= WORTH_TELLING_S:
            error = state.outcome.exception() if state.outcome else None
            wait = f"trying again in {state.upcoming_sleep:.0f} s (attempt {state.attempt_number})"
            _log.warning(self._say(f"{self.profile.name}: {error}; {wait}"))

    def _gave_up(self, error: _TryAgainError, attempts: int, url: str) -> str:
        wait = f"; it asks to wait {error.wait_s:.0f} s" if error.wait_s is not None else ""
        mend = (
            self.profile.mend(429, str(error))
            if error.is_limit
            else f"If it goes on, check {self.profile.url_setting} and the network."
        )
        return self._say(
            f"{self.profile.name}: {_safe(httpx.URL(url))} gave no usable answer, tried {attempts} times within "
            f"COLLECT_DEADLINE_S={self._patience.deadline_s:g}; last: {error}{wait}. Run the partition again later, or "
            f"raise COLLECT_DEADLINE_S. {mend}"
        ).strip()

    def _say(self, message: str) -> str:
        for secret in self.profile.secrets:
            message = message.replace(secret, "***")
        return message


def expect(model: type[Envelope], payload: Any, api: str) -> Envelope:
    """Read the envelope of an answer.

    Raises:
        UserError: the envelope does not have the documented shape: the API has changed, or it is another API.
    """
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        raise UserError(
            f"{api}: the answer does not have the documented shape ({explain(error)}); the API has changed or the "
            "configured address belongs to another API. Check the address, then update the platform"
        ) from None


def explain(error: ValidationError) -> str:
    """Return one line that names each field that does not fit, what is expected and the type that was found."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'record'}: {problem['msg']} (found {type(problem['input']).__name__})"
        for problem in error.errors(include_url=False, include_context=False)
    )


_backoff = tenacity.wait_exponential_jitter(initial=1, max=60, jitter=1)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    told = error.wait_s if isinstance(error, _TryAgainError) else None
    # An API that says "wait 0 s" for ever is still asked ever more rarely.
    return max(_backoff(state), told or 0.0)


def _parse(response: httpx.Response) -> tuple[Any, str | None]:
    try:
        return json.loads(response.content), None
    except (ValueError, RecursionError) as error:
        return None, f"{type(error).__name__} after {len(response.content)} bytes"


def _is_html(response: httpx.Response) -> bool:
    declared = response.headers.get("Content-Type", "").lower()
    return "html" in declared or response.content.lstrip()[:1] == b"<"


def _message(response: httpx.Response, payload: Any) -> str:
    if response.is_redirect and (location := response.headers.get("Location")):
        return f"moved to {_safe(httpx.URL(location))}"
    if isinstance(payload, dict):
        for key in ("message", "error_message", "error_description", "error", "reason"):
            if isinstance(payload.get(key), str):
                details = f" {payload['errors']}" if payload.get("errors") else ""
                return _excerpt(f"{payload[key]}{details}")
    return "an HTML page" if _is_html(response) else _excerpt(response.text) or "an empty body"


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT_CHARACTERS else f"{line[:_EXCERPT_CHARACTERS]}…"


def _safe(url: httpx.URL) -> str:
    """Return the URL without credentials."""
    shown = [(name, "***" if name in _SECRET_PARAMETERS else value) for name, value in url.params.multi_items()]
    return str(url.copy_with(username=None, password=None, params=shown or None))
