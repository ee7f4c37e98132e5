"""What to look for at the sources: the shape of ``sources.yaml``.

Belongs here: the sections, their fields and limits, and how a section becomes search texts.
Does not belong here: reading the file and naming the line of a mistake (``query_file``), calling an API
(``collectors``).
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from painpoint_platform.issues.items import Source
from painpoint_platform.issues.sources import APIS

Kind = Literal["story", "ask_hn", "show_hn", "comment", "poll", "job"]

# GitHub refuses longer searches; qualifiers do not count, so this is on the safe side.
_LONGEST_QUERY = 256
_OWN_QUALIFIERS = re.compile(
    r"(?<![\w-])(created|sort|is:pr|is:pull-request|type:pr|type:pull-request)(?![\w-])", re.IGNORECASE
)


def _github_query(query: str) -> str:
    if found := _OWN_QUALIFIERS.search(query):
        raise ValueError(
            f"must not contain {found[1]!r}: issues of the day are searched, sorted by creation, by the platform"
        )
    return query


def _repository(name: str) -> str:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name, re.ASCII):
        raise ValueError("must be owner/name, like pallets/flask")
    return name


def _subreddit(name: str) -> str:
    if not re.fullmatch(r"\w{2,24}", name, re.ASCII):
        raise ValueError("must be the subreddit's name alone, without r/ in front: 2 to 24 letters, digits or _")
    return name


def _tag(tag: str) -> str:
    if not re.fullmatch(r"[^\s;]+(;[^\s;]+)*", tag):
        raise ValueError("must be a tag like python, or tags that a question must all carry, like python;pandas")
    return tag


Words = Annotated[str, Field(min_length=1, max_length=_LONGEST_QUERY, pattern=r"\S")]


class Section(BaseModel):
    """What may stand in the section of every source."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    enabled: bool = True
    max_items: int = Field(10_000, ge=1, description="Most items of a day; beyond, the day is partial")
    requests_per_minute: float | None = Field(None, gt=0, description="None: what the API allows")


class GithubQueries(Section):
    """Searches are the product of ``queries`` and ``repositories``; without repositories all of GitHub is searched."""

    queries: list[Annotated[Words, AfterValidator(_github_query)]] = Field(default_factory=list)
    repositories: list[Annotated[str, AfterValidator(_repository)]] = Field(default_factory=list)
    discussions: bool = False
    minimum_votes: int = Field(0, ge=0, description="Fewest reactions (upvotes for discussions)")

    @model_validator(mode="after")
    def _looks_for_something(self) -> "GithubQueries":
        if self.enabled and not (self.queries or self.repositories):
            raise ValueError(
                "needs queries or repositories: all issues of GitHub are more than a day's requests can read"
            )
        return self

    def searches(self) -> list[str]:
        """Return the search texts for issues, without the window."""
        votes = f"reactions:>={self.minimum_votes}" if self.minimum_votes else ""
        return [_join(search, "" if _names_type(search) else "is:issue", votes) for search in self._products()]

    def discussion_searches(self) -> list[str]:
        """Return the search texts for discussions; they know neither ``is:issue`` nor ``reactions``."""
        return list(dict.fromkeys(_join(re.sub(r"\b(is|type):issue\b", "", search)) for search in self._products()))

    def _products(self) -> list[str]:
        # One repository a search: how GitHub reads several repo: qualifiers has changed over its versions.
        repositories = [f"repo:{name}" for name in self.repositories] or [""]
        return [_join(query, repository) for query in self.queries or [""] for repository in repositories]


class StackoverflowQueries(Section):
    """One pass over the day for each entry of ``tags``; without tags the whole site is read."""

    site: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")] = "stackoverflow"
    tags: list[Annotated[str, AfterValidator(_tag)]] = Field(default_factory=list)
    keywords: list[Words] = Field(default_factory=list)
    minimum_votes: int | None = None


class RedditQueries(Section):
    """Each subreddit is read back to the beginning of the day."""

    subreddits: list[Annotated[str, AfterValidator(_subreddit)]] = Field(min_length=1)
    keywords: list[Words] = Field(default_factory=list)
    minimum_votes: int | None = None


class HackernewsQueries(Section):
    """One search over the day for each keyword; without keywords everything of the kinds is read."""

    keywords: list[Words] = Field(default_factory=list)
    kinds: list[Kind] = Field(default_factory=lambda: list[Kind](["story"]), min_length=1)
    minimum_votes: int | None = Field(None, description="Fewest points; comments have none and are left out by it")


class SourceQueries(BaseModel):
    """The whole file; a section that is left out is a source that is not read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    github: GithubQueries | None = None
    stackoverflow: StackoverflowQueries | None = None
    reddit: RedditQueries | None = None
    hackernews: HackernewsQueries | None = None

    @property
    def enabled(self) -> tuple[Source, ...]:
        """The sources that are read."""
        return tuple(source for source in APIS if self.section(source) is not None)

    def section(self, source: Source) -> Section | None:
        """Return what to look for at a source; None where it is not read."""
        section: Section | None = getattr(self, source)
        return section if section is not None and section.enabled else None


def _join(*parts: str) -> str:
    return " ".join(" ".join(parts).split())


def _names_type(search: str) -> bool:
    return re.search(r"(?<![\w-])(is|type):issue\b", search, re.IGNORECASE) is not None
