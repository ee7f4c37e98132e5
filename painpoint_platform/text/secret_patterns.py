"""Where a text holds secrets: private keys, credentials in URLs, API keys and tokens, values assigned to secret names.

Belongs here: finding their spans. Does not belong here: replacing them (``redaction``), addresses and numbers of people
(``contact_patterns``).

The providers' key formats come from detect-secrets, read as patterns: its ``analyze_string`` yields capture groups
(``ghp`` for a whole GitHub token) and no positions. Its entropy detectors stay out, because they take commit ids and
hashes for secrets; names like ``token=`` do that work here. Four of its patterns cost the square of a hostile text's
length (JWT, OpenAI, npm, basic auth) and are replaced by ones that start only at the beginning of a run.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch ``text[start:end]`` to mask, and what it is."""

    start: int
    end: int
    kind: str


# Formats that detect-secrets 1.5 does not know, or cuts short: (what must occur, pattern after a word boundary).
_TOKENS = (
    ("github_pat_", r"github_pat_\w{20,255}"),
    ("gh", r"gh[pousr]_[A-Za-z0-9_]{30,255}"),
    ("eyJ", r"eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)*"),
    ("sk-", r"sk-(?=[\w-]{0,60}\d)[A-Za-z0-9_-]{20,300}"),
    ("k_", r"[rs]k_(?:live|test|prod)_[0-9a-zA-Z]{10,255}"),
    ("whsec_", r"whsec_[A-Za-z0-9+/=]{20,100}"),
    ("gsk_", r"gsk_[A-Za-z0-9]{30,100}"),
    ("xai-", r"xai-[A-Za-z0-9]{40,120}"),
    ("hf_", r"hf_[A-Za-z0-9]{30,60}"),
    ("r8_", r"r8_[A-Za-z0-9]{30,60}"),
    ("AIza", r"AIza[\w-]{30,45}"),
    ("ya29.", r"ya29\.[\w-]{20,400}"),
    ("GOCSPX-", r"GOCSPX-[\w-]{20,60}"),
    ("xox", r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,255}"),
    ("xapp-", r"xapp-\d-[A-Za-z0-9-]{10,255}"),
    ("npm_", r"npm_[A-Za-z0-9]{30,60}"),
    ("shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("_v1_", r"do[oprt]_v1_[0-9a-f]{64}"),
    ("dapi", r"dapi[0-9a-f]{32}(?:-\d)?"),
    ("lin_api_", r"lin_api_[A-Za-z0-9]{30,60}"),
    ("PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("sntry", r"sntry[su]_[\w+/=-]{30,400}"),
    ("dckr_", r"dckr_[po]at_[\w-]{20,60}"),
    ("dp.", r"dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9_.-]{30,100}"),
    ("ATATT3", r"ATATT3[\w=-]{30,300}"),
    ("NRAK-", r"NRAK-[A-Z0-9]{20,40}"),
    ("gl", r"gl(?:sa_|c_|pat-|ptt-|dt-|rt-|cbt-)[\w-]{20,120}"),
    ("AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[0-9A-Z]{50,70}"),
    ("EAA", r"EAA[A-Za-z0-9]{60,400}"),
    ("key-", r"key-[0-9a-f]{32}"),
    ("hvs.", r"hvs\.[\w-]{20,200}"),
    ("sbp_", r"sbp_[0-9a-f]{40}"),
    ("ntn_", r"ntn_[A-Za-z0-9]{40,60}"),
    ("SG.", r"SG\.[\w-]{16,32}\.[\w-]{32,64}"),
    ("SharedAccess", r"SharedAccess(?:Key|Signature)=[\w%+/=&-]{20,200}"),
    ("sig=", r"sig=[\w%+/=-]{30,120}"),
)
# detect-secrets' patterns by plugin module and class, and what must occur before the costly ones are worth a try.
_DETECTORS = (
    ("artifactory", "ArtifactoryDetector", ("AKC",)),
    ("aws", "AWSKeyDetector", ("AKIA", "ASIA", "ABIA", "ACCA", "A3T", "aws", "AWS")),
    ("azure_storage_key", "AzureStorageKeyDetector", ("AccountKey=",)),
    ("cloudant", "CloudantDetector", ("cloudant",)),
    ("discord", "DiscordBotTokenDetector", (".",)),
    ("gitlab_token", "GitLabTokenDetector", ("gl", "GR1348941")),
    ("mailchimp", "MailchimpDetector", ("-us",)),
    ("pypi_token", "PypiTokenDetector", ("pypi-",)),
    ("slack", "SlackDetector", ("hooks.slack.com",)),
    ("softlayer", "SoftlayerDetector", ("softlayer",)),
    ("square_oauth", "SquareOAuthDetector", ("sq0csp-",)),
    ("telegram_token", "TelegramBotTokenDetector", (":",)),
    ("twilio", "TwilioKeyDetector", ("AC", "SK")),
)

_PRIVATE_KEY_BEGIN = re.compile(
    r"-{4,5}\s?BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?\s?-{4,5}|PuTTY-User-Key-File-\d:"
)
_PRIVATE_KEY_END = re.compile(
    r"-{4,5}\s?END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?\s?-{4,5}|Private-(?:MAC|Hash):\s?[0-9a-f]{8,80}"
)
_KEY_MATERIAL = re.compile(r"(?:(?:\s|\\n)*[A-Za-z0-9+/=]{16,})*(?:(?:\s|\\n)+[A-Za-z0-9+/]{1,70}={1,2})?")

_URL_CREDENTIALS = re.compile(r"(?<=://)[^\s/:@?#\"'<>\[\]]{0,256}:[^\s/@\"'<>\[\]]{1,256}(?=@)")
_AUTHORIZATION = re.compile(r"\b(?:bearer|basic)\s+([\w.~+/-]{16,2000}=*)", re.IGNORECASE)

_SECRET_NAME = r"""(?:
    api[ _-]?key | access[_-]?key(?:[_-]?id)? | (?:secret|private|account|auth|encryption|signing|service)[_-]?key
  | client[ _-]?secret | secret[_-]?access[_-]?key | secret | auth[_-]?token | token
  | password | passwort | passwd | passphrase | passcode | pwd | pass
)"""
_ASSIGNED = re.compile(
    rf"""(?P<flag>--[\w-]{{0,40}}?)?(?P<name>{_SECRET_NAME})
        ["'`\])]{{0,3}}
        (?:(?P<sign>\s{{0,3}}(?:=>|:=|={{1,3}}|:)\s{{0,3}})|\s(?P<prose>is|was):?\s|(?P<space>\s))
        @?(?P<quote>["'`]?)(?P<value>[^\s"'`,;<>(){{}}\[\]]{{4,512}})(?P<after>[(\[]?)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SECRET_HINTS = ("key", "token", "secret", "pass", "pwd")
_PLACEHOLDER = re.compile(
    r"(?:none|null|nil|true|false|undefined|required|optional|missing|invalid|expired|string|\w*(?:password|secret|token)"
    r"|example|changeme|redacted|removed|hidden)$|.*(?:\*\*|xxx|\.\.\.|your)|\$\w",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def find_secrets(text: str) -> Iterator[Span]:
    """Yield the spans of private keys (``private_key``), URL credentials (``credentials``) and secrets (``secret``).

    In no particular order; spans may overlap. Linear in the length of the text.
    """
    if "PRIVATE KEY" in text or "PuTTY-User-Key-File" in text:
        yield from _private_keys(text)
    if "://" in text:
        yield from (Span(*match.span(), "credentials") for match in _URL_CREDENTIALS.finditer(text))
    for hints, patterns in _formats():
        if any(hint in text for hint in hints):
            for pattern in patterns:
                yield from (Span(*_trimmed(match), "secret") for match in pattern.finditer(text))
    lower = text.lower()
    if "bearer" in lower or "basic" in lower:
        yield from (Span(*match.span(1), "secret") for match in _AUTHORIZATION.finditer(text) if _is_mixed(match[1]))
    if any(hint in lower for hint in _SECRET_HINTS):
        yield from _assigned(text)


@cache
def _formats() -> tuple[tuple[tuple[str, ...], tuple[re.Pattern[str], ...]], ...]:
    from importlib import import_module

    own = [((hint,), (re.compile(rf"(?<![A-Za-z0-9]){pattern}"),)) for hint, pattern in _TOKENS]
    library = [
        (hints, tuple(getattr(import_module(f"detect_secrets.plugins.{module}"), name).denylist))
        for module, name, hints in _DETECTORS
    ]
    return (*own, *library)


def _trimmed(match: re.Match[str]) -> tuple[int, int]:
    """Leave the delimiters that some patterns take along outside the span."""
    found = match[0]
    start = match.start() + len(found) - len(found.lstrip(' \t\r\n"=:'))
    return start, match.start() + len(found.rstrip(' \t\r\n"'))


def _private_keys(text: str) -> Iterator[Span]:
    """Spans from BEGIN to END; without an END (a cut snippet), as far as the key's base64 runs."""
    ends = _PRIVATE_KEY_END.finditer(text)
    end = next(ends, None)
    position = 0
    for begin in _PRIVATE_KEY_BEGIN.finditer(text):
        if begin.start() < position:
            continue
        while end is not None and end.start() < begin.end():
            end = next(ends, None)
        if end is not None:
            position = end.end()
        else:
            material = _KEY_MATERIAL.match(text, begin.end())
            position = material.end() if material else begin.end()
        yield Span(begin.start(), position, "private_key")


def _assigned(text: str) -> Iterator[Span]:
    for match in _ASSIGNED.finditer(text):
        value = match["value"].rstrip(".:!?") if not match["quote"] else match["value"]
        if _is_assigned_secret(match, value):
            start = match.start("value")
            yield Span(start, start + len(value), "secret")


def _is_assigned_secret(match: re.Match[str], value: str) -> bool:
    if match["after"] or len(value) < 4 or _PLACEHOLDER.match(value) or value[0] in "/~" or "://" in value:
        return False
    is_quoted, is_password = bool(match["quote"]), match["name"].lower().startswith(("pass", "pwd"))
    if not is_quoted and _IDENTIFIER.fullmatch(value):
        return False
    if match["space"]:
        return bool(match["flag"]) and len(value) >= 6 and _is_mixed(value)
    if match["prose"]:
        return len(value) >= 6 and _is_mixed(value)
    if is_password:
        return is_quoted or "=" in match["sign"] or _is_mixed(value) or (value.isdigit() and len(value) >= 6)
    return len(value) >= 8 and _is_mixed(value)


def _is_mixed(value: str) -> bool:
    """Tell whether a value looks made up by a machine or a careful person: letters with digits or signs among them."""
    has_letter = any(map(str.isalpha, value))
    return has_letter and any(character.isdigit() or character in "!@#$%^&*+=~" for character in value)
