"""One form for every address of the same page, and its hash, which is the key of an item.

Belongs here: the normal form of a URL, generic and for the four sources. Does not belong here: fetching, or telling
which source a URL belongs to for any other purpose.
"""

import hashlib
import re

from yarl import URL

# Parameters that say where a reader came from and never which page is shown. ``utm_*`` and the like go by prefix.
_TRACKERS = frozenset(
    (
        "_ga", "_gl", "_hsenc", "_hsmi", "cmpid", "dclid", "epik", "fbclid", "gad_source", "gbraid", "gclid", "gclsrc",
        "igsh", "igshid", "li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "ml_subscriber", "ml_subscriber_hash", "msclkid",
        "oly_anon_id", "oly_enc_id", "rdt_cid", "ref", "ref_campaign", "ref_source", "ref_src", "ref_url", "referrer",
        "s_cid", "share_id", "si", "spm", "srsltid", "trk", "ttclid", "twclid", "vero_conv", "vero_id", "wbraid",
        "wickedid", "wt_mc", "yclid",
    )
)  # fmt: skip
_TRACKER_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_", "itm_", "matomo_")

_SITES = ("github.com", "stackoverflow.com", "reddit.com", "news.ycombinator.com")
_MIRRORS = ("www.", "m.", "old.")
_REDDIT_MIRROR = re.compile(r"(?:www|m|old|np|new|i|amp|sh|[a-z]{2})\.reddit\.com")
_STACK_EXCHANGE = re.compile(
    r"(?:(?:[a-z]{2}|meta)\.)?stackoverflow\.com|(?:[a-z0-9-]+\.)+stackexchange\.com"
    r"|(?:meta\.)?(?:serverfault\.com|superuser\.com|askubuntu\.com|mathoverflow\.net)|stackapps\.com"
)

_GITHUB_PATH = re.compile(
    r"(?:/repos)?/([\w.-]+)/([\w.-]+)/(?:issues|pull|pulls|discussions)/0*(\d+)(?:/.*)?", re.ASCII
)
_QUESTION_PATH = re.compile(r"/(?:questions|q)/0*(\d+)(?:/.*)?", re.ASCII)
_REDDIT_PATH = re.compile(r"(?:/(?:r|u|user)/[^/]+)?/(?:comments|gallery)/([0-9a-zA-Z]{1,13})(?:/.*)?", re.ASCII)
_SHORT_REDDIT_PATH = re.compile(r"/([0-9a-zA-Z]{1,13})/*", re.ASCII)
_ITEM_ID = re.compile(r"(?:^|&)id=0*(\d+)(?:&|$)", re.ASCII)

_FORBIDDEN_IN_HOST = re.compile(r"[\s\x00-\x20\x7f%<>\"\\^`{|}]")
_CREDENTIALS = re.compile(r"//[^/\s]*@")


def normalize_url(url: str) -> str:
    """Return the normal form of an http(s) URL; normalising it again changes nothing.

    Lower-case scheme and host (IDNA), no default port, credentials, fragment, tracking parameters or trailing slash,
    query sorted, percent-encoding as short as RFC 3986 allows. Pages of the four sources are named by what identifies
    them, whichever of their addresses was given:

    ============== =============================================
    GitHub         ``https://github.com/owner/repo/issues/1`` (also for pull requests and discussions: one numbering)
    Stack Exchange ``https://stackoverflow.com/questions/1``
    Reddit         ``https://reddit.com/comments/abc``
    Hacker News    ``https://news.ycombinator.com/item?id=1``
    ============== =============================================

    Raises:
        ValueError: the text is no URL, has another scheme than http or https, or names no host.
    """
    parsed = _parse(url.strip())
    host = _site(parsed.host_subcomponent or "")
    path = parsed.raw_path
    query = _clean_query(parsed.raw_query_string)
    known = _source_page(host, path, query)
    if known:
        return known
    port = "" if parsed.is_default_port() or parsed.explicit_port is None else f":{parsed.explicit_port}"
    return f"{parsed.scheme}://{host}{port}{path.rstrip('/')}{'?' if query else ''}{query}"


def url_hash(url: str) -> str:
    """Return the SHA-256 of the normal form, as 64 hexadecimal digits. Raises what ``normalize_url`` raises."""
    return hashlib.sha256(normalize_url(url).encode()).hexdigest()


def _parse(url: str) -> URL:
    try:
        parsed = URL(url)
        host = parsed.raw_host or ""
    except ValueError as error:  # UnicodeError of a host that IDNA does not allow is one, too
        raise ValueError(f"not a URL: {_shown(url)} ({error})") from None
    if parsed.scheme not in ("http", "https"):
        raise ValueError(f"expected an http or https URL, found {_shown(url)}")
    host = host.rstrip(".")
    is_ipv6 = ":" in host
    if not host or not host.isascii() or (not is_ipv6 and _FORBIDDEN_IN_HOST.search(host)):
        raise ValueError(f"the URL names no valid host: {_shown(url)}")
    return parsed


def _shown(url: str) -> str:
    return repr(_CREDENTIALS.sub("//", url)[:120])


def _site(host: str) -> str:
    host = host.lower().rstrip(".")
    if _REDDIT_MIRROR.fullmatch(host):
        return "reddit.com"
    for prefix in _MIRRORS:
        if host.removeprefix(prefix) in _SITES:
            return host.removeprefix(prefix)
    return host


def _clean_query(query: str) -> str:
    parts = [part for part in query.split("&") if part.strip("=")]
    return "&".join(sorted(part for part in parts if not _is_tracker(part.partition("=")[0].lower())))


def _is_tracker(name: str) -> bool:
    return name in _TRACKERS or name.startswith(_TRACKER_PREFIXES)


def _source_page(host: str, path: str, query: str) -> str | None:
    if host in ("github.com", "api.github.com"):
        match = _GITHUB_PATH.fullmatch(path)
        if match and (host == "github.com") != path.startswith("/repos/"):
            return f"https://github.com/{match[1].lower()}/{match[2].lower()}/issues/{match[3]}"
    elif host in ("reddit.com", "redd.it"):
        match = (_REDDIT_PATH if host == "reddit.com" else _SHORT_REDDIT_PATH).fullmatch(path)
        if match:
            return f"https://reddit.com/comments/{match[1].lower()}"
    elif host == "news.ycombinator.com" and path == "/item" and (match := _ITEM_ID.search(query)):
        return f"https://news.ycombinator.com/item?id={match[1]}"
    elif _STACK_EXCHANGE.fullmatch(host) and (match := _QUESTION_PATH.fullmatch(path)):
        return f"https://{host}/questions/{match[1]}"
    return None
