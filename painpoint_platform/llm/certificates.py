"""Whose signature on a server's certificate is believed.

Belongs here: reading LLM_CA_BUNDLE. Does not belong here: the connections that use it (``oauth``, ``litellm_model``).
"""

import ssl
from pathlib import Path

from painpoint_platform.errors import UserError


def trusted_by(ca_bundle: Path) -> ssl.SSLContext:
    """Return a context that believes the authorities of a PEM file and no others, as SSL_CERT_FILE does.

    Raises:
        UserError: the file cannot be read or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=str(ca_bundle))
    except (OSError, ssl.SSLError) as error:
        found = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "no certificate in it"
        raise UserError(
            f"LLM_CA_BUNDLE: {ca_bundle}: {found}; expected a PEM file with the certificates of the authorities that "
            "sign the model servers' certificates"
        ) from None


def is_refused_certificate(error: BaseException | None) -> bool:
    """Say whether a connection failed because the server's certificate is not believed."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
