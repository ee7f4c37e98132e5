"""After all walks ``make docs`` knows where what is new stands in the pages, and nobody has to tell it."""

import importlib.util

import pytest

from painpoint_platform_tests.extending.conftest import Extended
from painpoint_platform_tests.extending.page import REPOSITORY

pytestmark = pytest.mark.xdist_group("extending")


def test_new_settings_and_models_have_a_page(extended: Extended) -> None:
    extended.module("sql_models.model")
    spec = importlib.util.spec_from_file_location("extended_reference", REPOSITORY / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    assert reference.page_of("LOBSTERS_API_URL", reference.SETTINGS) == "issues.md"
    assert reference.page_of_table("gold.category_sources") == "issues.md"
    page = reference.page(REPOSITORY / "docs" / "issues.md")
    assert "| `LOBSTERS_API_URL` | `https://lobste.rs` | Lobsters |" in page
    assert "| `share` | double | Their share of all posts of the category that day, 0 to 1 |" in page
