"""Models behind OAuth client credentials: real token and model servers, TLS with an authority of one's own."""

import asyncio
import time

import pytest

from painpoint_platform.errors import TransientError, UserError
from painpoint_platform.llm import background
from painpoint_platform.llm.chat import PermanentModelError, TransientModelError
from painpoint_platform.llm.endpoints import Access, Endpoint, open_route
from painpoint_platform.llm.ledger import spooled_calls
from painpoint_platform.llm.oauth import ClientCredentials, TokenSource
from painpoint_platform_tests.llm.conftest import LOCAL, items
from painpoint_platform_tests.llm.model_server import status
from painpoint_platform_tests.llm.token_server import CLIENT_ID, CLIENT_SECRET, Page, TokenServer, make_authority


class Clock:
    """Seconds that pass when a test says so."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tokens():
    with TokenServer() as running:
        yield running


def access_to(tokens, **options):
    return Access(**({"token_endpoint": tokens.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET} | options))


def source_of(tokens, clock=time.monotonic, secret=CLIENT_SECRET, endpoint=None):
    return TokenSource(ClientCredentials(endpoint or tokens.url, CLIENT_ID, secret), clock=clock)


def wait_for(coroutine):
    return background.start(coroutine).result(10)


def bearers(server):
    return [seen.headers["authorization"].removeprefix("Bearer ") for seen in server.seen]


def token_number(number):
    return f"token-{number}-of-many"


def only_with(*accepted):
    return lambda seen: None if seen.headers["authorization"].removeprefix("Bearer ") in accepted else status(401)


# The source by itself


def test_a_token_is_used_until_shortly_before_it_ends(tokens, clock):
    source = source_of(tokens, clock)
    assert [wait_for(source.token()) for _ in range(3)] == [token_number(1)] * 3
    clock.now += 3539
    assert wait_for(source.token()) == token_number(1)
    clock.now += 2
    assert wait_for(source.token()) == token_number(2)
    assert len(tokens.requests) == 2


def test_a_short_lived_token_is_used_for_most_of_its_life(tokens, clock):
    tokens.expires_in = "10"
    source = source_of(tokens, clock)
    for seconds, expected in ((0, 1), (7.9, 1), (8.1, 2)):
        clock.now = 1000 + seconds
        assert wait_for(source.token()) == token_number(expected)


@pytest.mark.parametrize("said", [None, "soon", float("nan"), [], {}])
def test_a_token_whose_end_is_not_told_is_used_until_it_is_refused(tokens, clock, said):
    tokens.expires_in = said
    source = source_of(tokens, clock)
    wait_for(source.token())
    clock.now += 1e9
    assert wait_for(source.token()) == token_number(1)
    source.discard(token_number(1))
    assert wait_for(source.token()) == token_number(2)


def test_a_token_that_has_ended_on_arrival_is_good_for_one_call(tokens, clock):
    tokens.expires_in = 0
    source = source_of(tokens, clock)
    assert [wait_for(source.token()) for _ in range(2)] == [token_number(1), token_number(2)]


def test_refusing_an_older_token_leaves_the_current_one(tokens):
    source = source_of(tokens)
    wait_for(source.token())
    wait_for(source.renew())
    source.discard(token_number(1))
    assert wait_for(source.token()) == token_number(2)


def test_many_who_need_a_token_at_once_make_one_request(tokens):
    tokens.delay_s = 0.1
    source = source_of(tokens)

    async def many():
        return await asyncio.gather(*(source.token() for _ in range(50)))

    assert wait_for(many()) == [token_number(1)] * 50
    assert len(tokens.requests) == 1


def test_many_who_need_a_token_at_once_hear_of_one_failure(tokens):
    tokens.delay_s = 0.1
    tokens.faults.append(Page(503, ""))
    source = source_of(tokens)

    async def many():
        return await asyncio.gather(*(source.token() for _ in range(50)), return_exceptions=True)

    assert {type(failure) for failure in wait_for(many())} == {TransientModelError}
    assert len(tokens.requests) == 1
    assert wait_for(source.token()) == token_number(1)


def test_one_who_gives_up_waiting_leaves_the_request_to_the_others(tokens):
    tokens.delay_s = 0.2
    source = source_of(tokens)

    async def two():
        impatient = asyncio.create_task(source.token())
        patient = asyncio.create_task(source.token())
        await asyncio.sleep(0.05)
        impatient.cancel()
        return await patient

    assert wait_for(two()) == token_number(1)


@pytest.mark.parametrize(("only", "requests"), [("form", [1, 2]), ("header", [2, 3])])
def test_servers_may_want_the_credentials_in_the_form_or_in_the_header(tokens, only, requests):
    tokens.only = only
    source = source_of(tokens)
    for expected in requests:
        wait_for(source.renew())
        assert len(tokens.requests) == expected


def test_a_wrong_secret_names_the_settings_and_shows_no_secret(tokens):
    with pytest.raises(PermanentModelError, match="LLM_CLIENT_ID and LLM_CLIENT_SECRET") as failure:
        wait_for(source_of(tokens, secret="wrong one of mine").token())
    assert "401: invalid_client: not known" in str(failure.value)
    assert tokens.url in str(failure.value)
    assert "wrong one of mine" not in str(failure.value)
    assert failure.value.kind == "authentication"


@pytest.mark.parametrize(
    ("page", "kind", "says"),
    [
        (Page(400, '{"error": "unauthorized_client"}'), PermanentModelError, "LLM_CLIENT_ID"),
        (Page(403, "no"), PermanentModelError, "LLM_CLIENT_ID"),
        (Page(404, "<html>"), PermanentModelError, "LLM_TOKEN_ENDPOINT"),
        (Page(302, "", (("Location", "/login"),)), PermanentModelError, "LLM_TOKEN_ENDPOINT"),
        (Page(200, "<html>Please log in</html>"), PermanentModelError, "without a bearer token"),
        (Page(200, '{"access_token": null}'), PermanentModelError, "without a bearer token"),
        (Page(200, '{"access_token": "x", "token_type": "mac"}'), PermanentModelError, "without a bearer token"),
        (Page(200, '["x"]'), PermanentModelError, "without a bearer token"),
        (Page(429, "", (("Retry-After", "7"),)), TransientModelError, "429"),
        (Page(500, "oh"), TransientModelError, "500"),
    ],
)
def test_what_a_token_server_does_wrong_is_said(tokens, page, kind, says):
    tokens.faults.append(page)
    with pytest.raises(kind, match=says) as failure:
        wait_for(source_of(tokens).token())
    assert failure.value.kind == "authentication"
    if page.status == 429:
        assert failure.value.retry_after_s == 7


@pytest.mark.parametrize("kind", ['"bearer"', '"BEARER"', "null"])
def test_the_kind_of_a_token_is_read_generously(tokens, kind):
    tokens.faults.append(Page(200, '{"access_token": "x", "token_type": KIND}'.replace("KIND", kind)))
    assert wait_for(source_of(tokens).token()) == "x"


def test_a_token_server_that_is_down_may_come_back(tokens):
    tokens.__exit__()
    source = source_of(tokens)
    with pytest.raises(TransientModelError, match="does not answer"):
        wait_for(source.token())
    tokens.__enter__()
    assert wait_for(source.token()) == token_number(1)


@pytest.mark.parametrize("endpoint", ["login.example/token", "http://[::1", "ftp://127.0.0.1/token"])
def test_an_endpoint_that_is_no_address_is_named(endpoint):
    with pytest.raises(PermanentModelError, match="LLM_TOKEN_ENDPOINT"):
        wait_for(source_of(None, endpoint=endpoint).token())


# Model calls with it


def test_calls_carry_the_token_and_many_calls_need_one(make_client, task, server, tokens):
    client = make_client(access=access_to(tokens))
    answers = client.ask_many(task, items(20))
    assert {answer.outcome for answer in answers} == {"ok"}
    assert set(bearers(server)) == {token_number(1)}
    assert len(tokens.requests) == 1


@pytest.mark.parametrize("model", ["hosted_vllm/x", "custom_openai/x"])
def test_every_provider_sends_the_token(make_client, task, server, tokens, model):
    make_client(model, model, access=access_to(tokens)).ask_many(task, items(1))
    assert bearers(server)[0] == token_number(1)


def test_a_token_that_ends_in_the_middle_of_a_run_is_renewed_before_a_call_fails(make_client, task, server, tokens):
    tokens.expires_in = 0.25
    server.delay_s = 0.05
    client = make_client(access=access_to(tokens), concurrency=2)
    answers = client.ask_many(task, items(20))
    assert {answer.outcome for answer in answers} == {"ok"}
    assert len(tokens.issued) >= 2


def test_a_refused_token_is_renewed_once_and_the_calls_are_repeated(make_client, task, server, tokens):
    client = make_client(access=access_to(tokens), concurrency=4)
    client.ask_many(task, items(2))
    server.fault_for = only_with(token_number(2))
    answers = client.ask_many(task, items(10))[2:]
    assert all(answer.reply for answer in answers)
    assert [answer.model for answer in answers] == [LOCAL] * 8
    assert len(tokens.issued) == 2
    calls = spooled_calls(client.state)
    assert sum(call.outcome != "cached" for call in calls) == len(server.seen)


def test_a_call_that_is_refused_with_a_new_token_too_is_an_authentication_failure(make_client, task, server, tokens):
    server.fault_for = only_with("another one")
    (answer,) = make_client(LOCAL, LOCAL, access=access_to(tokens)).ask_many(task, items(1))
    assert (answer.reply, answer.failure_kind) == (None, "authentication")
    assert "LLM_CLIENT_ID" in answer.failure_reason
    assert bearers(server) == [token_number(1), token_number(2)]
    assert answer.usage.calls == 2


def test_a_wrong_secret_fails_every_request_without_a_call_and_without_a_request_each(
    make_client, task, server, tokens
):
    client = make_client(access=access_to(tokens, client_secret="wrong one of mine"))
    answers = client.ask_many(task, items(100))
    assert {(answer.reply, answer.failure_kind) for answer in answers} == {(None, "authentication")}
    assert "LLM_CLIENT_SECRET" in answers[-1].failure_reason
    assert server.seen == spooled_calls(client.state) == []
    assert len(tokens.requests) < 20


def test_a_token_server_that_fails_for_a_moment_costs_no_answer(make_client, task, tokens):
    tokens.faults.extend([Page(503, ""), Page(503, "")])
    (answer,) = make_client(access=access_to(tokens)).ask_many(task, items(1))
    assert (answer.outcome, answer.usage.calls) == ("retried", 1)


def test_a_token_server_that_is_down_is_an_authentication_failure_and_not_the_models(make_client, task, tokens):
    tokens.__exit__()
    answers = make_client(access=access_to(tokens)).ask_many(task, items(3))
    assert {answer.failure_kind for answer in answers} == {"authentication"}
    assert "LLM_TOKEN_ENDPOINT" in answers[0].failure_reason
    tokens.__enter__()


def test_credentials_can_be_renewed_for_each_transcript(make_client, task, server, tokens):
    client = make_client(access=access_to(tokens))
    for number in range(1, 4):
        client.renew_credentials()
        client.ask_many(task, items(number))
    assert bearers(server) == [token_number(number) for number in (1, 2, 3)]
    assert len(tokens.requests) == 3


def test_a_renewal_that_fails_for_a_moment_is_repeated_and_one_that_fails_for_good_is_raised(make_client, tokens):
    client = make_client(access=access_to(tokens))
    tokens.faults.append(Page(502, ""))
    client.renew_credentials()
    assert len(tokens.requests) == 2
    tokens.faults.extend([Page(502, "")] * 3)
    with pytest.raises(TransientError, match="502"):
        client.renew_credentials()
    with pytest.raises(UserError, match="LLM_CLIENT_SECRET"):
        make_client(access=access_to(tokens, client_secret="wrong")).renew_credentials()


def test_without_a_token_server_there_is_nothing_to_renew(make_client, tokens):
    make_client().renew_credentials()
    make_client("embedded/v1", "embedded/v1", access=access_to(tokens)).renew_credentials()
    assert tokens.requests == []


def test_secret_and_token_are_in_no_message_and_in_no_file(make_client, task, server, tokens, tmp_path, capfd, caplog):  # noqa: PLR0917
    client = make_client(access=access_to(tokens))
    text = '{"error": {"message": "token TOKEN is not for this model"}}'
    server.fault_for = lambda seen: status(401, text=text.replace("TOKEN", seen.headers["authorization"][7:]))
    (answer,) = client.ask_many(task, items(1))
    assert "token *** is not for this model" in answer.failure_reason
    shown = repr(vars(client._conversations)) + repr(access_to(tokens)) + "".join(capfd.readouterr()) + caplog.text
    client.close()
    written = shown.encode() + b"".join(path.read_bytes() for path in tmp_path.glob("llm*"))
    assert b"of-many" not in written
    assert b"s3cret" not in written


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_an_incomplete_client_is_refused_at_once_unless_nothing_needs_it(tokens, missing):
    access = access_to(tokens, **{missing: None})
    with pytest.raises(UserError, match="LLM_CLIENT_ID and LLM_CLIENT_SECRET"):
        open_route(Endpoint(LOCAL, "LOCAL"), Endpoint("embedded/v1", "REMOTE"), None, access)
    open_route(Endpoint("embedded/v1", "LOCAL"), Endpoint("embedded/v1", "REMOTE"), None, access)


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    pytest.importorskip("cryptography", reason="makes the certificates of these tests")
    return make_authority(tmp_path_factory.mktemp("tls"), "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    pytest.importorskip("cryptography", reason="makes the certificates of these tests")
    return make_authority(tmp_path_factory.mktemp("tls"), "theirs")


@pytest.fixture
def tls_servers(server, tokens, authority, monkeypatch):
    import litellm

    monkeypatch.setattr(litellm, "ssl_verify", True)
    for running in (server, tokens):
        running.__exit__()
        running.tls = authority.server_side
        running.__enter__()
    return server, tokens


def test_an_authority_of_ones_own_is_trusted_by_token_server_and_model(make_client, task, tls_servers, authority):
    server, tokens = tls_servers
    assert server.base_url.startswith("https")
    client = make_client(access=access_to(tokens, ca_bundle=authority.bundle))
    assert {answer.outcome for answer in client.ask_many(task, items(3))} == {"ok"}
    client.renew_credentials()
    assert len(tokens.issued) == 2


def test_a_certificate_of_a_stranger_is_refused_at_once_and_names_the_setting(make_client, task, tls_servers, stranger):
    server, tokens = tls_servers
    (answer,) = make_client(LOCAL, LOCAL, access=access_to(tokens, ca_bundle=stranger.bundle)).ask_many(task, items(1))
    assert "certificate that is not trusted" in answer.failure_reason
    assert "LLM_CA_BUNDLE" in answer.failure_reason
    (answer,) = make_client(LOCAL, LOCAL, access=Access(ca_bundle=stranger.bundle)).ask_many(task, items(1))
    assert "certificate is not trusted" in answer.failure_reason
    assert "LLM_CA_BUNDLE" in answer.failure_reason
    assert answer.failure_kind == "refused"
    assert answer.usage.calls == 1
    assert server.seen == tokens.requests == []


@pytest.mark.parametrize("found", [None, "no certificate"])
def test_a_bundle_that_cannot_be_used_is_named(tmp_path, found):
    bundle = tmp_path / "ca.pem"
    if found:
        bundle.write_text(found)
    with pytest.raises(UserError, match=r"LLM_CA_BUNDLE: .*ca\.pem"):
        open_route(Endpoint(LOCAL, "LOCAL"), Endpoint(LOCAL, "REMOTE"), None, Access(ca_bundle=bundle))
