"""Where a text names people's machines and lines: e-mail addresses, IP addresses, phone numbers.

Belongs here: finding their spans. Does not belong here: replacing them (``redaction``), keys and passwords
(``secret_patterns``).
"""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from painpoint_platform.text.secret_patterns import Span

# The look-behinds pin a match to the start of a run: without them every character of a run is a start.
_EMAIL = re.compile(r"(?<![\w.%+-])(?<!://)[\w.%+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){0,7}\.[^\W\d_]{2,24})(?![\w-])")
_SPELT_EMAIL = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}\s?[\[({]\s?at\s?[\])}]\s?[\w-]{1,63}"
    r"(?:\s?[\[({]\s?dot\s?[\])}]\s?[\w-]{1,63}|\.[\w-]{1,63}){1,5}",
    re.IGNORECASE,
)
_NO_MAILBOX = re.compile(
    r"(?:git|hg|svn)@|[^@]*@(?:\d+\.|\d+x\.)", re.IGNORECASE
)  # remotes, package versions, logo@2x.png

_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d|-[A-Za-z])")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f.]{0,15}:)[0-9A-Fa-f:.]{3,45}(?![\w:])")
_VERSION_BEFORE = re.compile(
    r"(?:(?:versions?|ver\.?|v\.?|release|driver|build|firmware):?|==|[<>~!]=|[\^~/<>-])\s?$", re.IGNORECASE
)
_VERSION_WINDOW = 12

_INTERNATIONAL_PHONE = re.compile(r"(?<!\+)\+[1-9][\d \t().\-/]{5,24}\d(?!\w)")
_AMERICAN_PHONE = re.compile(
    r"(?<![\w.+-])(?<!\d )(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?![\w-]|[. ]\d)"
)
_ANNOUNCED_PHONE = re.compile(
    r"\b(?:phone|tele(?:fon|phone)|tel|mobile|cell|whatsapp|fax|call (?:me|us)|text (?:me|us))\b\W{0,4}"
    r"(?:(?:number|no|at|on|is)\b\W{0,4}){0,2}(\(?\+?\d[\d ().\-/]{5,20}\d)(?![\w-])",
    re.IGNORECASE,
)


def find_contacts(text: str) -> Iterator[Span]:
    """Yield the spans of e-mail addresses (``email``), IP addresses (``ip``) and phone numbers (``phone``).

    In no particular order; spans may overlap. Linear in the length of the text.
    """
    yield from _emails(text)
    yield from _ip_addresses(text)
    yield from _phones(text)


def _emails(text: str) -> Iterator[Span]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            if not _NO_MAILBOX.match(match[0]):
                yield Span(*match.span(), "email")
    if "at" in text.lower():
        yield from (Span(*match.span(), "email") for match in _SPELT_EMAIL.finditer(text))


def _ip_addresses(text: str) -> Iterator[Span]:
    """Addresses that say which machine it is.

    Loopback and unspecified addresses are the same everywhere and stay. Four numbers may also be a version: they count
    as one where "v", "version", "release", "driver", "==" or the like stands before them or a suffix like "-beta" after
    them, else as an address, because a version lost from a prompt costs less than an address sent away.
    """
    for match in _IPV4.finditer(text):
        before = text[max(0, match.start() - _VERSION_WINDOW) : match.start()]
        is_enclosed = before.endswith("<") and text.startswith(">", match.end())
        if _tells_machine(match[0]) and (is_enclosed or before.endswith("://") or not _VERSION_BEFORE.search(before)):
            yield Span(*match.span(), "ip")
    if ":" in text:
        for match in _IPV6.finditer(text):
            found = match[0].rstrip(".")
            # "a::b" is a name in Rust and C++; an address has digits, and groups longer or more numerous than that.
            is_name = not any(map(str.isdigit, found)) or (found.count(":") < 3 and len(found.partition(":")[0]) < 3)
            if not is_name and _tells_machine(found):
                yield Span(match.start(), match.start() + len(found), "ip")


def _tells_machine(found: str) -> bool:
    try:
        address = IPv6Address(found) if ":" in found else IPv4Address(found)
    except AddressValueError:
        return False
    netmask = isinstance(address, IPv4Address) and found.startswith("255.")
    return not (address.is_loopback or address.is_unspecified or netmask)


def _phones(text: str) -> Iterator[Span]:
    """Numbers with a country code, American ones, and others only after a word that announces a phone number.

    Issue numbers, time stamps and ids are digits too: without a plus, the American grouping or such a word nothing is
    taken for a phone number.
    """
    if "+" in text:
        for candidate in _INTERNATIONAL_PHONE.finditer(text):
            yield from _international(candidate)
    for candidate in _AMERICAN_PHONE.finditer(text):
        yield Span(*candidate.span(), "phone")
    for candidate in _ANNOUNCED_PHONE.finditer(text):
        if 7 <= sum(map(str.isdigit, candidate[1])) <= 15:
            yield Span(*candidate.span(1), "phone")


def _international(candidate: re.Match[str]) -> Iterator[Span]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    for number in PhoneNumberMatcher(candidate[0], None, leniency=Leniency.POSSIBLE):
        yield Span(candidate.start() + number.start, candidate.start() + number.end, "phone")
