"""What is perceived: the variables, and the ranges of those that are numbers.

Belongs here: names and ranges. Does not belong here: how a variable is trained (``defaults.toml``), the tree of
emotions (``emotions``).
"""

# Regression variables with the range of their values on the platform, and those that are paths in a tree.
RANGES: dict[str, tuple[float, float]] = {
    "valence": (0.0, 1.0),
    "arousal": (0.0, 1.0),
    "willingness": (0.0, 1.0),
    "congruence": (0.0, 1.0),
    "comparator": (-1.0, 1.0),
}
PATH_VARIABLES = ("invoked", "expressed")
VARIABLES = (*RANGES, *PATH_VARIABLES)
PATH_SEPARATOR = "/"
# What a score and the ends of its interval are called after their variable, in every table.
ENDS = ("", "_low", "_high")
# Those that every collected item is scored by.
SCORED = ("valence", "arousal", "willingness")


def score_columns(variable: str) -> tuple[str, ...]:
    """Return the columns that the scores of a variable have in a table of anyone's, the model's name among them."""
    ends = ("", "_confidence") if variable in PATH_VARIABLES else ENDS
    return tuple(f"{variable}{end}" for end in (*ends, "_model"))
