"""The tree of errors that the whole platform raises.

Belongs here: the few types that decide how a failure is treated at the edge (exit code, retry, Dagster failure).
Does not belong here: errors that one module raises and catches itself.
"""


class PainpointError(Exception):
    """Base of every error that the platform raises on purpose. The message is written for the person who reads it."""


class UserError(PainpointError):
    """Something that a person can mend: a setting, a file, a credential. Says where, what was found, what to do.

    The command line prints the message without a traceback and exits with 2; Dagster shows it as the failure's text and
    does not retry the run.
    """


class TransientError(PainpointError):
    """Something that may pass by itself: a time-out, a rate limit, a server error. Worth another try later."""


class WarehouseLockedError(TransientError):
    """The warehouse, or a copy or report made from it, stayed locked for the whole waiting time.

    Names the process that holds it where that is known.
    """


class DataContractError(PainpointError):
    """A fact that must hold about rows about to be committed does not. The transaction was rolled back.

    Attributes:
        check_name: name of the check, as the asset check in Dagster is called.
    """

    def __init__(self, message: str, *, check_name: str = "") -> None:
        super().__init__(message)
        self.check_name = check_name
