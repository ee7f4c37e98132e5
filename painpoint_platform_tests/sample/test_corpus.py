"""The facts about the sample corpus on which the demonstration, the benchmarks and other tests rely."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date
from ipaddress import ip_address, ip_network
from itertools import combinations

import pytest

from painpoint_platform.sample.corpus import DAYS, SEED, Corpus, generate_items, load_corpus
from painpoint_platform.sample.corpus_phrases import parse_phrase, speak
from painpoint_platform.sample.corpus_problems import load_problems, read_data
from painpoint_platform.sample.items import SampleItem
from painpoint_platform.text.cleaning import clean_body
from painpoint_platform.text.urls import url_hash

CATEGORIES = {"ai", "finance", "compliance", "logistics", "healthtech", "devtools", "ecommerce", "other"}
RESERVED_NETWORKS = [ip_network(n) for n in ("198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8", "127.0.0.0/8")]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus()


@pytest.fixture(scope="module")
def days(corpus: Corpus) -> dict[date, list[SampleItem]]:
    by_day = defaultdict(list)
    for item in corpus.items:
        by_day[item.created_at.date()].append(item)
    return dict(by_day)


def sizes(items: list[SampleItem]) -> Counter[str]:
    return Counter(item.problem_id for item in items if item.problem_id)


def test_three_days_of_2025_hold_at_least_eight_hundred_items_each(corpus, days):
    assert corpus.days == DAYS == tuple(sorted(days))
    assert all(day >= date(2025, 1, 1) and len(items) >= 800 for day, items in days.items())
    assert all(item.created_at.tzinfo is UTC and item.created_at.microsecond == 0 for item in corpus.items)


def test_every_source_speaks_on_every_day(days):
    for items in days.values():
        counts = Counter(item.source for item in items)
        assert set(counts) == {"github", "stackoverflow", "reddit", "hackernews"}
        assert min(counts.values()) > 100


def test_at_least_seventy_problems_recur_with_skewed_sizes(days):
    for items in days.values():
        counts = sorted(sizes(items).values())
        assert len(counts) >= 70
        assert counts[0] >= 6
        assert 25 <= counts[-1] <= 50
        assert counts[len(counts) // 2] <= 12


def test_a_fifth_of_each_day_belongs_to_no_problem(days):
    for items in days.values():
        noise = [item for item in items if item.problem_id is None]
        assert 0.2 <= len(noise) / len(items) <= 0.3
        assert max(Counter(item.title for item in noise).values()) == 1


def test_the_noise_is_written_by_hand_and_varied():
    topics = [
        title
        for source, channels in read_data("noise.toml").items()
        if source != "frames"
        for posts in channels.values()
        for title, _ in posts
    ]
    assert len(set(topics)) >= 250


def test_every_item_points_at_a_known_problem_and_all_categories_occur(corpus):
    assert {item.problem_id for item in corpus.items} - {None} == set(corpus.problems)
    assert {problem.category for problem in corpus.problems.values()} == CATEGORIES
    assert {problem.impact for problem in corpus.problems.values()} == {"low", "medium", "high"}
    assert 20 <= sum(bool(problem.wording.would_pay) for problem in corpus.problems.values()) <= 60


def test_problems_are_written_in_many_words_and_share_no_sentence():
    wordings = {problem.problem_id: problem.wording for problem in load_problems().values()}
    phrases = {
        name: {*w.titles, *w.symptoms, *w.contexts, *w.attempts, *w.consequences, *w.asks, *w.would_pay}
        for name, w in wordings.items()
    }
    assert all(len(set(w.titles)) >= 10 and len(w.symptoms) >= 3 for w in wordings.values())
    assert [(a, b) for a, b in combinations(phrases, 2) if phrases[a] & phrases[b]] == []


def test_a_problem_has_five_authors_a_day_but_one_has_a_single_author(corpus, days):
    lonely = {problem.problem_id for problem in corpus.problems.values() if problem.single_author}
    assert len(lonely) == 1
    everywhere = defaultdict(set)
    for items in days.values():
        authors = defaultdict(set)
        for item in items:
            authors[item.problem_id].add((item.source, item.author))
            everywhere[item.problem_id].add((item.source, item.author))
        assert all(len(names) >= 5 for problem, names in authors.items() if problem not in lonely)
    assert [len(everywhere[problem]) for problem in lonely] == [1]


def test_problems_grow_fade_and_appear(corpus, days):
    first, _, last = (sizes(days[day]) for day in corpus.days)
    moves = defaultdict(list)
    for problem in corpus.problems.values():
        moves[problem.trend].append((first[problem.problem_id], last[problem.problem_id]))
    assert all(later > earlier for earlier, later in moves["growing"])
    assert all(later < earlier for earlier, later in moves["fading"])
    assert all(earlier == 0 and later >= 6 for earlier, later in moves["new"])
    assert min(len(moves[trend]) for trend in ("growing", "fading", "new")) >= 4


def test_ids_are_unique_and_some_questions_share_a_url(corpus, days):
    assert len({(item.source, item.source_item_id) for item in corpus.items}) == len(corpus.items)
    for items in days.values():
        shared = [group for group in Counter(url_hash(item.url) for item in items).values() if group > 1]
        assert 1 <= len(shared) <= 10
    truth = defaultdict(set)
    for item in corpus.items:
        truth[url_hash(item.url)].add(item.problem_id)
    assert all(len(problems) == 1 for problems in truth.values())


@pytest.mark.parametrize(
    ("source", "url", "channel"),
    [
        ("github", r"https://github\.com/([\w-]+/[\w-]+)/issues/\d+", r"[\w-]+/[\w-]+"),
        (
            "stackoverflow",
            r"https://stackoverflow\.com/questions/\d{9}/[a-z0-9-]+(\?utm_source=merge)?",
            r"[\w.+#-]+(,[\w.+#-]+)*",
        ),
        ("reddit", r"https://www\.reddit\.com/r/\w+/comments/[0-9a-z]{7}/\w+/", r"\w+"),
        ("hackernews", r"https://news\.ycombinator\.com/item\?id=\d{9}", r""),
    ],
)
def test_urls_and_channels_look_as_at_the_source(corpus, source, url, channel):
    items = [item for item in corpus.items if item.source == source]
    assert [item.url for item in items if not re.fullmatch(url, item.url)] == []
    assert [item.channel for item in items if not re.fullmatch(channel, item.channel)] == []
    assert set(corpus.channels(source)) == {item.channel for item in items}
    if source == "github":
        assert all(
            item.source_item_id == item.url.removeprefix("https://github.com/").replace("/issues/", "#")
            for item in items
        )


def test_posts_are_repeated_within_and_across_sources(days):
    for items in days.values():
        sources, copies = defaultdict(set), Counter()
        for item in items:
            if item.problem_id and item.body:
                sources[item.problem_id, item.body[:60] and clean_body(item.body, item.source), item.title].add(
                    item.source
                )
            if item.problem_id:
                copies[item.problem_id, item.title.lower()] += 1
        assert sum(len(names) > 1 for names in sources.values()) >= 3  # word for word on two sources
        assert sum(count > 1 for count in copies.values()) >= 20


def test_nine_other_languages_are_spoken(corpus):
    titles = {post.title: post.language for problem in corpus.problems.values() for post in problem.abroad}
    spoken = Counter(titles[item.title] for item in corpus.items if item.title in titles)
    assert set(spoken) == {"es", "de", "fr", "pt", "hi", "zh", "ja", "ru", "ar"}


@pytest.mark.parametrize(
    ("what", "source", "pattern", "at_least"),
    [
        ("a fenced block", "github", r"```\w*\n", 30),
        ("a code element", "stackoverflow", r"<pre><code>", 40),
        ("a stack trace", None, r"Traceback \(most recent call last\)|\n    at \S+", 20),
        ("a log line", None, r"\d{2}:\d{2}:\d{2},\d{3} ERROR", 20),
        ("a quote", "reddit", r"(?m)^> ", 20),
        ("a signature", "reddit", r"(?m)^-- $", 10),
        ("an edit trail", "reddit", r"(?mi)^(edit|eta)\b", 20),
        ("a form heading", "github", r"(?m)^### ", 50),
        ("an unanswered field", "github", r"_No response_", 30),
        ("a check box", "github", r"- \[ \] ", 20),
        ("a hidden comment", "github", r"<!-- ", 20),
        ("an entity", "hackernews", r"&#x27;", 30),
        ("an entity", "reddit", r"&amp;", 20),
        ("an emoji", "reddit", r"[\U0001F300-\U0001FAFF]", 20),
        ("an access key", None, r"AKIA[0-9A-Z]{16}|ghp_\w{36}|sk_live_\w{24}|://app:\w{12}@", 5),
        ("an e-mail address", None, r"[\w.]+@example\.com", 1),
        ("an order to the model", None, r"(?i)previous instructions|your system prompt|disregard the schema", 3),
        ("a willingness to pay", None, r"(?i)\bpay\b", 60),
        ("a body of over 10,000 characters", None, r"(?s)\A.{10000}", 3),
        ("no body", None, r"\A\Z", 20),
    ],
)  # fmt: skip
def test_what_makes_real_posts_hard_occurs(corpus, what, source, pattern, at_least):
    found = sum(re.search(pattern, item.body) is not None for item in corpus.items if source in (None, item.source))
    assert found >= at_least, what


def test_addresses_numbers_and_links_in_bodies_are_reserved_for_examples(corpus):
    for item in corpus.items:
        hosts = re.findall(r"\w@([a-z][\w-]*(?:\.[a-z]+)+)\b", item.body)
        hosts += re.findall(r"(?:https?|wss):(?://|&#x2F;&#x2F;)([\w.-]+)", item.body)
        assert [host for host in hosts if "example" not in host] == []
        for address in re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", item.body):
            assert any(ip_address(address) in network for network in RESERVED_NETWORKS), address
        assert all("555-01" in number for number in re.findall(r"\+1 [\d-]+", item.body))


def test_authors_are_put_together_from_invented_words(corpus):
    moods, things = read_data("voices.toml")["names"].values()
    names = {f"{mood}{thing}" for mood in moods for thing in things}
    names |= {f"{thing[:4]}{mood[:3]}" for mood in moods for thing in things}
    assert {re.sub(r"[\d -]", "", item.author.lower()) for item in corpus.items} - names <= {""}


FINGERPRINT = """
import hashlib
from datetime import date
from painpoint_platform.sample.corpus import generate_items, load_corpus
print(hashlib.sha256(repr((load_corpus().items, generate_items(date(2025, 3, 2), 500, 7))).encode()).hexdigest())
"""


def test_it_is_the_same_in_every_process():
    here = hashlib.sha256(repr((load_corpus().items, generate_items(date(2025, 3, 2), 500, 7))).encode()).hexdigest()
    for seed in ("0", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        there = subprocess.run(
            [sys.executable, "-c", FINGERPRINT], env=environment, capture_output=True, text=True, check=True
        )
        assert there.stdout.strip() == here


@pytest.mark.parametrize("n", [0, 1, 8, 100, 333, 800, 2_000])
def test_any_number_of_items_can_be_made(n):
    items = generate_items(date(2025, 2, 14), n, seed=3)
    assert len(items) == n
    assert all(item.created_at.date() == date(2025, 2, 14) for item in items)
    assert sorted(items, key=lambda item: item.created_at) == items
    assert len({(item.source, item.source_item_id) for item in items}) == n
    assert all(count >= 6 for count in sizes(items).values())


def test_a_number_or_a_day_that_the_sample_cannot_have_is_refused():
    with pytest.raises(ValueError, match="begin on 2025-01-01"):
        generate_items(date(2024, 12, 31), 10, SEED)
    with pytest.raises(ValueError, match="between 0 and 20000"):
        generate_items(DAYS[0], 20_001, SEED)


def test_ten_thousand_items_hold_more_problems_rather_than_huge_ones():
    items = generate_items(date(2025, 2, 14), 10_000, seed=1)
    counts = sizes(items)
    assert 130 <= len(counts) <= 170
    assert len({url_hash(item.url) for item in items}) >= 9_950
    assert {name.partition("/")[0] for name in counts} == set(load_problems())
    noise = [item for item in items if item.problem_id is None]
    assert len(noise) >= 2_000
    assert max(Counter(item.title for item in noise).values()) <= 4


def test_another_day_or_seed_gives_other_posts_about_the_same_problems():
    one, other, again = (generate_items(day, 900, seed) for day, seed in ((DAYS[1], 1), (DAYS[2], 1), (DAYS[1], 2)))
    assert not {item.source_item_id for item in one} & {item.source_item_id for item in other}
    assert min(len(set(sizes(one)) & set(sizes(items))) for items in (other, again)) >= 70
    assert [item.body for item in one] != [item.body for item in again]


def test_a_phrase_chooses_among_its_alternatives_and_names_the_product():
    from random import Random

    phrase = parse_phrase("{p} {fails|dies} at {1|2|3}")
    spoken = {speak(phrase, Random(seed), "Tallywren") for seed in range(60)}
    assert spoken == {f"Tallywren {verb} at {number}" for verb in ("fails", "dies") for number in (1, 2, 3)}


@pytest.mark.parametrize("broken", ["{one|two", "{alone} here", "a {} b"])
def test_a_phrase_with_a_broken_group_is_refused(broken):
    with pytest.raises(ValueError, match="group of alternatives"):
        parse_phrase(broken)
