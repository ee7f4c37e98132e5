"""The normal form of URLs: by table for every rule, and as a property."""

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from painpoint_platform.text.urls import normalize_url, url_hash

GITHUB = "https://github.com/facebook/react/issues/123"
QUESTION = "https://stackoverflow.com/questions/11227809"
POST = "https://reddit.com/comments/1abc2d"
STORY = "https://news.ycombinator.com/item?id=8863"

SAME_PAGE = [
    (GITHUB, "https://github.com/facebook/react/issues/123"),
    (GITHUB, "http://www.GitHub.com/Facebook/React/issues/123/"),
    (GITHUB, "https://github.com/facebook/react/issues/123#issuecomment-1"),
    (GITHUB, "https://github.com/facebook/react/pull/123/files?diff=split"),
    (GITHUB, "https://github.com/facebook/react/discussions/123"),
    (GITHUB, "https://m.github.com/facebook/react/issues/00123"),
    (GITHUB, "https://api.github.com/repos/facebook/react/issues/123"),
    (QUESTION, "https://stackoverflow.com/questions/11227809/why-is-processing-a-sorted-array-faster"),
    (QUESTION, "https://stackoverflow.com/questions/11227809/why/11227902#11227902"),
    (QUESTION, "https://stackoverflow.com/q/11227809/42"),
    (QUESTION, "http://www.stackoverflow.com/questions/11227809?noredirect=1&lq=1"),
    (POST, "https://www.reddit.com/r/python/comments/1abc2d/my_title/"),
    (POST, "https://old.reddit.com/r/Python/comments/1ABC2D/"),
    (POST, "https://np.reddit.com/comments/1abc2d/_/k3xyz?context=3"),
    (POST, "https://m.reddit.com/user/jane/comments/1abc2d/my_title/"),
    (POST, "https://de.reddit.com/gallery/1abc2d"),
    (POST, "https://redd.it/1abc2d"),
    (POST, "https://www.reddit.com/r/x/comments/1abc2d/t/?utm_source=share&share_id=9&rdt=1"),
    (STORY, "https://news.ycombinator.com/item?id=8863"),
    (STORY, "http://news.ycombinator.com/item?id=08863&p=2#up_8863"),
    ("https://askubuntu.com/questions/7", "https://askubuntu.com/q/7/1"),
    ("https://unix.stackexchange.com/questions/7", "https://unix.stackexchange.com/questions/7/slug"),
    ("https://pt.stackoverflow.com/questions/7", "https://pt.stackoverflow.com/questions/7/slug"),
]

GENERIC = [
    ("https://example.com", "HTTPS://EXAMPLE.com:443/"),
    ("http://example.com/a", "http://example.com:80/a/"),
    ("http://example.com:443/a", "http://example.com:443/a"),
    ("https://example.com/A/b", "https://example.com/A/./x/../b//"),
    ("https://example.com/?a=1&a=2&b=3".replace("/?", "?"), "https://example.com/?b=3&a=2&a=1"),
    ("https://example.com/p?id=1", "https://example.com/p?utm_source=x&id=1&UTM_Medium=y&fbclid=z&ref=q&ref_src=r"),
    ("https://example.com/p", "https://example.com/p?gclid=1&share_id=2#section"),
    ("https://example.com/p?flag", "https://example.com/p?flag&&"),
    ("https://example.com/~jane", "https://example.com/%7Ejane"),
    ("https://example.com/%C3%A9", "https://example.com/é"),
    ("https://example.com/%C3%A9", "https://example.com/%c3%a9"),
    ("https://example.com/a%20b", "https://example.com/a b"),
    ("https://example.com/a%2Fb", "https://example.com/a%2fb"),
    ("https://example.com/b", "https://example.com/a/%2e%2E/b"),
    ("https://example.com", "https://example.com/%2e%2e/"),
    ("https://xn--mnchen-3ya.de/x", "https://MÜNCHEN.de/x"),
    ("https://xn--mnchen-3ya.de/x", "https://xn--mnchen-3ya.de/x"),
    ("https://xn--r8jz45g.jp", "https://例え.jp/"),
    ("https://example.com", "https://jane:hunter2@example.com."),
    ("https://[::1]:8080/x", "https://[::1]:8080/x"),
    ("https://www.example.com", "https://www.example.com"),  # only the four sites have known mirrors
    ("https://m.example.com", "https://m.example.com"),
    ("https://github.com/facebook/react", "https://github.com/facebook/react/"),
    ("https://i.redd.it/x1.png", "https://i.redd.it/x1.png"),
    ("https://reddit.com/r/python", "https://old.reddit.com/r/python/"),
    ("https://notreddit.com/comments/1", "https://notreddit.com/comments/1"),
    ("https://news.ycombinator.com/newest", "https://news.ycombinator.com/newest"),
    ("https://example.com/x", "  https://example.com/x\n"),
]


@pytest.mark.parametrize(("normal", "url"), SAME_PAGE + GENERIC)
def test_addresses_of_one_page_have_one_normal_form(normal, url):
    assert normalize_url(url) == normal
    assert url_hash(url) == hashlib.sha256(normal.encode()).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GITHUB, "https://github.com/facebook/react/issues/124"),
        (GITHUB, "https://github.com/facebook/react-native/issues/123"),
        (GITHUB, "https://github.example.com/facebook/react/issues/123"),
        (QUESTION, "https://askubuntu.com/questions/11227809"),
        ("https://example.com/A", "https://example.com/a"),
        ("http://example.com", "https://example.com"),
        ("https://example.com/p?id=1", "https://example.com/p?id=2"),
        ("https://example.com/a%2Fb", "https://example.com/a/b"),
    ],
)
def test_different_pages_stay_different(one, other):
    assert url_hash(one) != url_hash(other)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com/x", "//example.com/x", "mailto:jane@example.com", "ftp://example.com", "javascript:alert(1)",
        "http://", "http:///x", "https://?a=1", "https://ex ample.com/", "https://exa%6dple.com/", "https://[::1",
        "https://example.com:99999/", "https://.", "https://exam\x00ple.com",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(ValueError, match=r"URL"):
        normalize_url(url)


def test_the_refusal_does_not_repeat_credentials():
    with pytest.raises(ValueError) as refusal:
        normalize_url("ftp://jane:hunter2@example.com/x")
    assert "hunter2" not in str(refusal.value)
    assert "example.com" in str(refusal.value)


HOSTS = st.sampled_from(
    (
        "example.com", "WWW.Reddit.com", "old.reddit.com", "redd.it", "github.com", "stackoverflow.com", "m.github.com",
        "news.ycombinator.com", "münchen.de", "[::1]", "1.2.3.4",
    )
)  # fmt: skip
PIECES = st.sampled_from(
    (
        "a", "..", ".", "%2e", "%2E%2e", "%25", "%zz", "é", "r", "comments", "1AB", "questions", "q", "12", "issues",
        "item", "", "%2F", " ", "\u202e", "😀", "+", "&", "%26",
    )
)  # fmt: skip
QUERIES = st.lists(st.tuples(st.sampled_from(["id", "a", "utm_x", "%75tm_y", "ref", "", "é"]), PIECES), max_size=4)


@given(
    st.sampled_from(["http", "HTTPS"]),
    HOSTS,
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.lists(PIECES, max_size=6),
    QUERIES,
)
def test_normalising_twice_changes_nothing(scheme, host, port, path, query):
    url = f"{scheme}://{host}{port}/{'/'.join(path)}?{'&'.join('='.join(pair) for pair in query)}#f"
    once = normalize_url(url)
    assert normalize_url(once) == once
    assert once.isascii()


@given(st.text(max_size=60).map(lambda text: f"https://{text}"))
@example("https://a/%2e%2e/%2e")
def test_any_text_is_normalised_or_refused(url):
    try:
        once = normalize_url(url)
    except ValueError:
        return
    assert normalize_url(once) == once
    assert url_hash(once) == url_hash(url)
