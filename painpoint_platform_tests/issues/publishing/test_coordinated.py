"""A crowd publishes nothing: too few authors are withheld, hostile clusters have no label to publish."""

import pytest

from painpoint_platform.issues.labelling.issue_label import NOTHING_TO_LABEL
from painpoint_platform.issues.publishing.plan import plan_sync
from painpoint_platform.issues.publishing.tables import read_publishing_input
from painpoint_platform_tests.issues.publishing.gold import DAY, MIN_AUTHORS, Gold


@pytest.fixture
def gold():
    made = Gold()
    yield made
    made.close()


def published(gold):
    plan = plan_sync(read_publishing_input(gold.con, DAY), min_authors=MIN_AUTHORS)
    return [work.issue_key for work in plan.works], plan.withheld


@pytest.mark.parametrize(("authors", "expected"), [(1, []), (2, []), (3, ["crowd"])])
def test_fifty_posts_are_published_only_when_enough_people_wrote_them(gold, authors, expected):
    gold.issue("crowd", items=50, authors=authors)
    keys, withheld = published(gold)
    assert keys == expected
    assert withheld == (not expected)


def test_fifty_posts_that_give_orders_are_not_published_whoever_wrote_them(gold):
    gold.issue("hostile", items=50, label_failed=True, failure_reason=NOTHING_TO_LABEL, canonical_title=None)
    gold.issue("honest", items=5)
    assert published(gold) == (["honest"], 0)
