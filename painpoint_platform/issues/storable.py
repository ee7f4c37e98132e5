"""Making any text that a source can send storable, without changing what a reader sees.

Belongs here: the characters that UTF-8, Arrow or a SQL string cannot hold.
Does not belong here: removing code, quotes or boilerplate (``text.cleaning``).
"""


def storable(text: str) -> str:
    """Return ``text`` without NUL characters and with lone surrogates replaced by U+FFFD.

    JSON may carry both (``"\\u0000"``, ``"\\ud83d"``: half an emoji, where a source cut a text by UTF-16 units);
    neither can be encoded as UTF-8 for Arrow and DuckDB. Everything else stays as it is.
    """
    without_nul = text.replace("\x00", "")
    try:
        without_nul.encode()
    except UnicodeEncodeError:
        # Through UTF-16, so that two halves that meet become the character that they are.
        return without_nul.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return without_nul
