"""Where the files lie that travel with the code: SQL, prompts, the source list.

Belongs here: finding them in a checkout and in an installed wheel. Does not belong here: paths that a user sets (see
``settings``).
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Return the path of a top-level file or folder of the repository, such as ``prompts`` or ``sources.yaml``.

    In a checkout it lies beside the package, in an installed wheel inside it.

    Raises:
        FileNotFoundError: the name is in neither place.
    """
    for candidate in (_PACKAGE.parent / name, _PACKAGE / "_bundled" / name):
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{name} is neither beside the package {_PACKAGE} nor bundled in it; reinstall the package")
