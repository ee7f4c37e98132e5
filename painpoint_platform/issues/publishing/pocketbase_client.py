"""One authenticated connection to a PocketBase server: requests that come back as data or as an error that says why.

Belongs here: signing in, renewing the token, retries, and turning every kind of bad answer into one of three errors.
Does not belong here: collections (``pocketbase_collections``), batches of records (``pocketbase_writes``).
"""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from painpoint_platform.errors import PainpointError, TransientError, UserError

if TYPE_CHECKING:
    import httpx
    from pocketbase import Client
    from pocketbase.errors import ClientResponseError
    from tenacity import RetryCallState

BATCH_PATH = "/api/batch"

_TRIES = 4
LONGEST_WAIT_S = 4.0
_BUSY_STATUSES = frozenset({408, 429, 502, 503, 504})
_UNAUTHORISED_STATUSES = frozenset({401, 403})


class RefusedError(PainpointError):
    """The server answered and said no to this one request; others may well succeed.

    Attributes:
        status: HTTP status.
        problems: the server's ``data``: for a record the problem of each field, for a batch the request that failed.
    """

    def __init__(self, status: int, message: str, problems: Mapping[str, Any]) -> None:
        self.status = status
        self.message = message
        self.problems = problems
        # So answers a server that cannot write: what is wrong is in its log only.
        unnamed = (
            "; no field is named, the server's log says why (a full disk?)" if status == 400 and not problems else ""
        )
        super().__init__(f"{message} (HTTP {status}{_field_problems(problems)}{unnamed})")


class OutageError(TransientError):
    """The server does not answer, or something else answers in its place; nothing that is sent now would arrive."""


class PocketBaseClient:
    """A superuser's session, opened by the first request.

    Requests are repeated after a lost connection, a time-out and answers that mean "busy", which is safe because
    everything that is sent has the same effect when it is sent twice. ``request_count`` counts every HTTP request, also
    the repeated ones.

    Raises (every method that sends):
        UserError: the address is no PocketBase server, or it refuses the superuser.
        OutageError: no usable answer, after retries.
        RefusedError: the server refuses this request.
    """

    def __init__(self, url: str, email: str, password: str, *, timeout_s: float = 30) -> None:
        import httpx

        try:
            self._address = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise UserError(
                f"POCKETBASE_URL: not a URL ({error}); expected something like http://127.0.0.1:8090"
            ) from None
        if self._address.scheme not in {"http", "https"} or not self._address.host:
            raise UserError("POCKETBASE_URL: expected http://HOST:PORT or https://HOST")
        self._email = email
        self._password = password
        self._timeout_s = timeout_s
        self._client: Client | None = None
        self.request_count = 0

    @property
    def shown_url(self) -> str:
        """The address without credentials, for messages."""
        return str(self._address.copy_with(username=None, password=None))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget the token and close the connection; the next request opens a new session."""
        if self._client is not None:
            self._client.http_client.close()
            self._client = None

    def sign_in(self) -> None:
        """Get a new token, which lives as long as the server's settings say (a day by default)."""
        client = self._open()
        try:
            self._repeat(lambda: client.collection("_superusers").auth_with_password(self._email, self._password))
        except RefusedError as error:
            if error.status >= 500:
                raise OutageError(f"{self.shown_url} fails while signing in: {error}") from None
            raise UserError(self._refused_sign_in(error)) from None
        except _NotPocketBaseError as error:
            raise UserError(f"POCKETBASE_URL: {error}") from None

    def send(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, params: Mapping[str, Any] | None = None
    ) -> Any:
        """Send one request as superuser and return the decoded JSON (None for an empty answer)."""
        client = self._open()
        if not client.auth_store.token:
            self.sign_in()
        config = {"method": method, "body": body, "params": params}
        try:
            return self._repeat(lambda: client.send(path, dict(config)))
        except RefusedError as error:
            if not _lacks_rights(path, error):
                raise
        # Tokens expire; the server answers as if nobody had signed in. A new one must do, or the account may not.
        self.sign_in()
        try:
            return self._repeat(lambda: client.send(path, dict(config)))
        except RefusedError as error:
            if not _lacks_rights(path, error):
                raise
            raise UserError(
                f"POCKETBASE_EMAIL: the account may not {method} {path} at {self.shown_url}; it must be a superuser"
            ) from None

    def _open(self) -> "Client":
        if self._client is None:
            from pocketbase import Client

            self._client = Client(
                str(self._address).rstrip("/"),
                timeout=self._timeout_s,
                event_hooks={"request": [self._count]},
            )
            self._client.after_send = self._check_answer
        return self._client

    def _count(self, _: "httpx.Request") -> None:
        self.request_count += 1

    def _check_answer(self, response: "httpx.Response", data: Any, _: Any) -> Any:
        # The client takes a redirect or a page of HTML for success without data.
        if response.is_redirect:
            raise _NotPocketBaseError(f"{self.shown_url} redirects elsewhere (HTTP {response.status_code})")
        if response.is_success and data is None and response.content:
            kind = response.headers.get("content-type", "an unknown type")
            raise _NotPocketBaseError(f"{self.shown_url} answered with {kind} where PocketBase answers with JSON")
        return data

    def _repeat(self, request: Any) -> Any:
        import tenacity

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_BusyError),
            stop=tenacity.stop_after_attempt(_TRIES) | tenacity.stop_after_delay(2 * self._timeout_s),
            wait=_wait,
            reraise=True,
        )
        return retrying(self._once, request)

    def _once(self, request: Any) -> Any:
        from pocketbase.errors import ClientResponseError

        try:
            return request()
        except ClientResponseError as error:
            raise self._translate(error) from None

    def _translate(self, error: "ClientResponseError") -> Exception:
        import httpx

        cause = error.original_error
        if isinstance(cause, httpx.TimeoutException):
            return _BusyError(f"{self.shown_url} did not answer within {self._timeout_s:g} s")
        if isinstance(cause, httpx.TransportError):
            return _BusyError(f"{self.shown_url} cannot be reached: {cause or type(cause).__name__}")
        if cause is not None:
            return cause if isinstance(cause, Exception) else error
        if error.status in _BUSY_STATUSES:
            return _BusyError(f"{self.shown_url} is busy or down (HTTP {error.status})")
        answer = error.data if isinstance(error.data, dict) else {}
        message = str(answer.get("message") or "refused without a reason")
        problems = answer.get("data")
        return RefusedError(error.status, message, problems if isinstance(problems, dict) else {})

    def _refused_sign_in(self, error: RefusedError) -> str:
        if error.status == 404:
            return (
                f"POCKETBASE_URL: {self.shown_url} has no superusers to sign in to; expected PocketBase 0.23 or newer"
            )
        if "mfaId" in error.problems or error.status == 401:
            return f"PocketBase at {self.shown_url} wants a second factor; use a superuser without one"
        return (
            f"PocketBase at {self.shown_url} refused the superuser: {error}; "
            "check POCKETBASE_EMAIL and POCKETBASE_PASSWORD "
            "(`pocketbase superuser upsert EMAIL PASSWORD` on the server sets them)"
        )


class _BusyError(OutageError):
    """Worth another try at once."""


class _NotPocketBaseError(OutageError):
    """Something answers, but not PocketBase: a proxy's page, a login, a redirect."""


def _wait(state: "RetryCallState") -> float:
    import tenacity

    return float(tenacity.wait_random_exponential(multiplier=0.2, max=LONGEST_WAIT_S)(state))


def _lacks_rights(path: str, error: RefusedError) -> bool:
    if failed := batch_failure(error):
        return failed[1].status in _UNAUTHORISED_STATUSES
    # Batches as such ask for no rights: a 403 there means that they are switched off.
    return path != BATCH_PATH and error.status in _UNAUTHORISED_STATUSES


def batch_failure(error: RefusedError) -> tuple[int, RefusedError] | None:
    """Return which request made a batch fail (its index) and how, None where the server did not say.

    PocketBase answers 400 with ``data.requests = {"<index>": {"response": {"status", "message", "data"}}}``.
    """
    requests = error.problems.get("requests")
    if not isinstance(requests, dict):
        return None
    for index, problem in requests.items():
        response = problem.get("response") if isinstance(problem, dict) else None
        if isinstance(response, dict) and str(index).isdecimal():
            problems = response.get("data")
            status = int(response.get("status") or error.status)
            message = str(response.get("message") or error.message)
            return int(index), RefusedError(status, message, problems if isinstance(problems, dict) else {})
    return None


def _field_problems(problems: Mapping[str, Any]) -> str:
    found = [
        f"{name}: {problem['message']}"
        for name, problem in problems.items()
        if isinstance(problem, dict) and "message" in problem
    ]
    return "; " + ", ".join(found) if found else ""
