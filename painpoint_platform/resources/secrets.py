"""Secrets of the settings in resources: as the names of their variables, because Dagster shows what a resource has.

Belongs here: the way from a setting to a field and back. Does not belong here: which fields are secret (``settings``).
"""

import os
from typing import Any, TypeVar

from dagster import ConfigurableResource, EnvVar

from painpoint_platform.setting_values import shown_address
from painpoint_platform.settings import Settings

ResourceT = TypeVar("ResourceT", bound="ConfigurableResource[Any]")


def secret(settings: Settings, field: str) -> EnvVar | None:
    """Return the name of the variable that holds a secret, never its value; None where it is not set.

    A secret that stands in ``.env`` alone is put into this process's environment, where Dagster looks for it.
    """
    value = getattr(settings, field)
    if value is None:
        return None
    name = field.upper()
    os.environ.setdefault(name, value.get_secret_value())
    return EnvVar(name)


def address(settings: Settings, field: str) -> str | EnvVar | None:
    """Return an address; of one that holds a user, a password or a query the name of its variable, as of a secret."""
    value: str | None = getattr(settings, field)
    if value is None or shown_address(value) == value:
        return value
    os.environ.setdefault(field.upper(), value)
    return EnvVar(field.upper())


def in_hand(resource: ResourceT) -> ResourceT:
    """Return a resource for use outside of Dagster: with secrets where it had the names of their variables."""
    ready: ResourceT = resource.process_config_and_initialize()
    return ready
