"""The PocketBase server as a Dagster resource: where it is and who may write to it.

Belongs here: the settings of the connection. Does not belong here: what is sent (``issues.publishing``).
"""

from typing import Self

from dagster import ConfigurableResource
from pydantic import Field

from painpoint_platform.errors import UserError
from painpoint_platform.issues.publishing.pocketbase_client import PocketBaseClient
from painpoint_platform.resources.secrets import address, secret
from painpoint_platform.settings import Settings


class PocketBaseResource(ConfigurableResource[None]):
    """Publishing is optional: without a URL nothing is sent, and the asset says so instead of failing."""

    url: str | None = Field(None, description="PocketBase server; unset: live issues are not published")
    email: str | None = Field(None, description="PocketBase superuser")
    password: str | None = Field(None, description="The superuser's password")
    timeout_s: float = Field(30, gt=0, description="Time-out of one request, in seconds")
    min_authors: int = Field(3, ge=1, description="An issue is published only with this many distinct authors")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the server of the settings."""
        return cls(
            url=address(settings, "pocketbase_url"),
            email=settings.pocketbase_email,
            password=secret(settings, "pocketbase_password"),
            timeout_s=settings.pocketbase_timeout_s,
            min_authors=settings.publish_min_authors,
        )

    @property
    def configured(self) -> bool:
        """There is a server to publish to."""
        return bool(self.url)

    def client(self) -> PocketBaseClient:
        """Return a client, to be used in a ``with`` block; it signs in with its first request.

        Raises:
            UserError: a setting is missing or malformed; the message names it.
        """
        settings = {
            "POCKETBASE_URL": self.url,
            "POCKETBASE_EMAIL": self.email,
            "POCKETBASE_PASSWORD": self.password,
        }
        if missing := [name for name, value in settings.items() if not value]:
            raise UserError(f"publishing to PocketBase needs {' and '.join(missing)}; set in .env or the environment")
        assert self.url
        assert self.email
        assert self.password
        return PocketBaseClient(self.url, self.email, self.password, timeout_s=self.timeout_s)
