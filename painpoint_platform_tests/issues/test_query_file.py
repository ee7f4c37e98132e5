"""``sources.yaml``: what is accepted, and what every mistake is answered with."""

from pathlib import Path

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.issues.query_file import load_queries
from painpoint_platform.issues.source_queries import GithubQueries
from painpoint_platform.paths import bundled
from painpoint_platform.sample import servers as sample_servers_package


def load(tmp_path: Path, text: str):
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return load_queries(path)


def test_the_bundled_file_is_valid_and_reads_all_four_sources():
    queries = load_queries(bundled("sources.yaml"))
    assert all(section and section.enabled for _, section in queries)


def test_the_file_of_the_demonstration_is_valid():
    queries = load_queries(Path(sample_servers_package.__file__).parents[1] / "sources.yaml")
    assert queries.enabled == ("github", "hackernews", "reddit", "stackoverflow")


def test_a_section_that_is_left_out_is_a_source_that_is_not_read(tmp_path):
    queries = load(tmp_path, "hackernews: {}\n")
    assert queries.hackernews is not None
    assert queries.github is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("github:\n  queries: [a]\n  repos: [a/b]\n", r"sources.yaml:3: unknown key 'repos'.*allowed: .*repositories"),
        ("github:\n  queries: [a]\n  querys: [b]\n", r":3: unknown key 'querys'; did you mean queries\?"),
        (
            "githup:\n  queries: [a]\n",
            r":1: unknown key 'githup'; did you mean github\? allowed: github, stackoverflow",
        ),
        (
            "reddit:\n  subreddits:\n    - ok_name\n    - r/devops\n",
            r":4: reddit.subreddits.1: .*without r/.*'r/devops'",
        ),
        ("reddit:\n  subreddits: [ok_name, no]\n", r":2: reddit.subreddits.1: .*string.*found False; put it in quotes"),
        ("reddit: {}\n", r":1: reddit.subreddits is missing"),
        ("stackoverflow:\n  minimum_votes: many\n", r":2: stackoverflow.minimum_votes: .*integer.*found 'many'"),
        ("stackoverflow:\n  site: Stack Overflow\n", r":2: stackoverflow.site: .*found 'Stack Overflow'"),
        ("hackernews:\n  kinds: [story, rant]\n", r":2: hackernews.kinds.1: .*'story', 'ask_hn'.*found 'rant'"),
        ("hackernews:\n  max_items: 0\n", r":2: hackernews.max_items: .*greater than or equal to 1, found 0"),
        ("hackernews:\n  requests_per_minute: -3\n", r":2: hackernews.requests_per_minute: .*greater than 0, found -3"),
        ("github:\n  queries: ['label:bug created:2025-01-01']\n", r":2: github.queries.0: must not contain 'created'"),
        ("github:\n  queries: ['is:pr broken']\n", r":2: github.queries.0: must not contain 'is:pr'"),
        ("github:\n  repositories: [flask]\n", r":2: github.repositories.0: must be owner/name.*found 'flask'"),
        ("github:\n  discussions: false\n", r":1: github: needs queries or repositories"),
        ("github:\n  queries: [a]\n  queries: [b]\n", r":3: 'queries' stands twice"),
        ("github:\n  queries: [a\nreddit:\n", r":\d: broken YAML"),
        ("github:\n\tqueries: [a]\n", r":2: broken YAML: .*'\\t'"),
        ("github: *nowhere\n", r":1: broken YAML: .*alias"),
        ("!!python/object:os.system {}\n", r":1: "),
        ("", r":1: the file is empty; expected the sections github, stackoverflow"),
        ("- github\n", r":1: found no 'name: value' pairs"),
        ("hackernews: 2025-13-45\n", r":1: "),
    ],
)
def test_a_mistake_is_answered_with_its_line_what_was_found_and_what_is_allowed(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        load(tmp_path, text)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path):
    with pytest.raises(UserError) as error:
        load(tmp_path, "reddit:\n  subreddits: [ok_name]\n  a: 1\nhackernews:\n  b: 2\n")
    lines = str(error.value).splitlines()
    assert [line.split(":")[1] for line in lines] == ["3", "5"]


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(UserError, match=r"nowhere.yaml: no such file.*SOURCES_FILE"):
        load_queries(tmp_path / "nowhere.yaml")


def test_a_binary_file_and_a_folder_are_refused(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_bytes(b"\xff\xfe\x00github")
    with pytest.raises(UserError, match="UTF-8"):
        load_queries(path)
    with pytest.raises(UserError, match="cannot be read"):
        load_queries(tmp_path)


def test_searches_are_the_product_of_queries_and_repositories():
    queries = GithubQueries(queries=["a", "type:issue b"], repositories=["x/y", "z/w"], minimum_votes=2)
    assert queries.searches() == [
        "a repo:x/y is:issue reactions:>=2",
        "a repo:z/w is:issue reactions:>=2",
        "type:issue b repo:x/y reactions:>=2",
        "type:issue b repo:z/w reactions:>=2",
    ]
    assert queries.discussion_searches()[2] == "b repo:x/y"


def test_repositories_alone_are_read_whole():
    assert GithubQueries(repositories=["x/y"]).searches() == ["repo:x/y is:issue"]
