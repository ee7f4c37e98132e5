"""Telling people that something failed, by a webhook.

Belongs here: the one request. Does not belong here: when to send (``automation``).
"""

from collections.abc import Mapping
from typing import Any

from painpoint_platform.errors import TransientError

TIMEOUT_S = 10.0


def post_alert(url: str, alert: Mapping[str, Any]) -> None:
    """Post the alert as JSON; the field ``text`` is what chat systems such as Slack and Mattermost show.

    Raises:
        TransientError: the webhook could not be reached or refused. Its address is a secret and is not named.
    """
    import httpx

    try:
        response = httpx.post(url, json=dict(alert), timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise TransientError(f"ALERT_WEBHOOK_URL could not be reached: {type(error).__name__}") from None
    if response.is_error:
        raise TransientError(f"ALERT_WEBHOOK_URL answered {response.status_code}")
