"""Signing in: what is wrong with address or account is named, secrets are not, tokens are renewed."""

from typing import Any

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform_tests.issues.publishing.conftest import EMAIL, PASSWORD, MakeClient, Remote
from painpoint_platform_tests.issues.publishing.gold import Gold


def test_a_wrong_password_names_the_setting_and_not_the_password(
    remote: Remote, gold: Gold, new_client: MakeClient
) -> None:
    gold.issue("slow")

    with pytest.raises(UserError, match="POCKETBASE_PASSWORD") as caught:
        gold.sync(new_client(password="not-the-password"))

    assert "not-the-password" not in str(caught.value)
    [(has_hash, attempts, error)] = gold.tracked().values()
    assert (has_hash, attempts) == (False, 1)
    assert "refused the superuser" in error
    assert gold.sync(new_client()).created == 1
    assert gold.tracked() == {"slow": (True, 0, None)}


def test_an_account_that_is_no_superuser_is_named(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    client = new_client()
    client.sign_in()
    assert client._client is not None
    client._client.auth_store.save("no.valid.token")
    client.sign_in = lambda: None  # type: ignore[method-assign]
    gold.issue("slow")

    with pytest.raises(UserError, match="must be a superuser"):
        gold.sync(client)


@pytest.mark.parametrize("url", ["localhost:8090", "ftp://localhost", "http://", "not a url"])
def test_a_malformed_address_names_the_setting(url: str) -> None:
    with pytest.raises(UserError, match="POCKETBASE_URL"):
        PocketBaseClient(url, EMAIL, PASSWORD)


def test_credentials_in_the_address_are_not_shown() -> None:
    assert PocketBaseClient("http://jane:hunter2@localhost:1", EMAIL, PASSWORD).shown_url == "http://localhost:1"


def test_tokens_that_the_server_no_longer_takes_are_renewed(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow", items=20)
    client = new_client()
    gold.sync(client)
    gold.run("update gold.issue_evidence set vote_count = 77")
    # Waiting for a token's end proves no more than a new secret, which ends all of them at once.
    remote.call("PATCH", "collections/_superusers", {"authToken": {"duration": 86_400, "secret": "s" * 50}})
    remote.sign_in()

    report = gold.sync(client)

    assert (report.evidence_sent, report.failed) == (20, 0)
    assert {item["votes"] for item in remote.records("issue_evidence")} == {77}


def test_a_token_that_expires_between_batches_is_renewed(remote: Remote, gold: Gold, new_client: MakeClient) -> None:
    gold.issue("slow", items=20)
    client = new_client()
    send = client.send

    def forgetting(method: str, path: str, **options: Any) -> Any:
        if path == "/api/batch":
            assert client._client is not None
            client._client.auth_store.save("an.expired.token")
        return send(method, path, **options)

    client.send = forgetting  # type: ignore[method-assign]
    report = gold.sync(client)

    assert (report.created, report.evidence_sent, report.failed) == (1, 20, 0)
