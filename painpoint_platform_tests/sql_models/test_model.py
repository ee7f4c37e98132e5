import re
import subprocess
import sys

import pytest

from painpoint_platform.errors import UserError
from painpoint_platform.sql_models.lineage import column_lineage
from painpoint_platform.sql_models.model import load_models
from painpoint_platform_tests.warehouse.holder import ROOT

SCHEMA = [
    "create schema silver",
    "create table silver.items (day date, item_id integer, votes integer, kind varchar)",
    "create table silver.kinds (kind varchar, meaning varchar)",
]


def header(*lines, materialized="table"):
    return "\n".join(f"-- {line}" for line in ("description: d", f"materialized: {materialized}", *lines)) + "\n"


@pytest.fixture
def load(tmp_path):
    """Write {schema.name: text} as files and load them."""

    def load(**files):
        for table, text in files.items():
            path = tmp_path / f"{table.replace('__', '/')}.sql"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return load_models(tmp_path, schema=SCHEMA)

    return load


READS_ITEMS = "depends_on: silver.items"


@pytest.mark.parametrize(
    "query",
    [
        "select day from silver.items",
        "with items as (select * from silver.items) select day from items",
        "with a as (select * from silver.items), b as (select * from a) select b.day from b join a using (item_id)",
        "select day from (select * from (from silver.items))",
        "select (select max(day) from silver.items) as day",
        "select day from unnest([date '2025-01-01']) as u(day) where day in (select day from silver.items)",
        "select day from silver.items as s union all select day from silver.items",
        'select day from "silver"."items";',
        "from silver.items select day",
    ],
)
def test_the_tables_of_a_query_are_found_wherever_they_stand(load, query):
    (model,) = load(silver__facts=header(READS_ITEMS) + query)
    assert dict(model.column_types) == {"day": "DATE"}
    assert model.input_types[0][0] == "silver.items"


@pytest.mark.parametrize(
    ("declared", "query", "line", "words"),
    [
        ([], "select day\nfrom silver.items", 4, "reads silver.items, which depends_on does not declare"),
        ([], "with x as (\n  select *\n  from silver.items\n)\nselect day from x", 5, "reads silver.items, which"),
        ([], "select 1 as day\nwhere exists (\n  from silver.items)", 5, "reads silver.items, which"),
        ([], "\n-- ü has two bytes\nselect 'ü' as u\nfrom silver.items", 6, "reads silver.items, which"),
        ([READS_ITEMS], "select 'silver.items' as day", 3, "declares silver.items, which the query does not read"),
        ([READS_ITEMS], "select 1 as day -- from silver.items", 3, "which the query does not read"),
        ([READS_ITEMS, "depends_on: silver.kinds"], "from silver.items", 4, "declares silver.kinds"),
        (["depends_on: silver.nothing"], "from silver.nothing", 4, "nothing does not exist"),
        ([], "from facts", 3, "facts does not exist"),
        ([], "select 1 as a\nfrom silver.facts", 4, "silver.facts reads itself"),
        ([], "from read_csv('x.csv')", 3, r"reads through read_csv\(\), which depends_on cannot declare"),
        ([], "from query_table('silver.items')", 3, r"reads through query_table\(\)"),
        ([READS_ITEMS], "select dya from silver.items", 4, '"dya" not found'),
        ([READS_ITEMS], "select day,\nfrom where", 5, 'syntax error at or near "where"; a model is one plain select'),
        ([], "select 1; select 2", 1, "found 2 statements; a model is one plain select"),
        ([], "", 1, "found 0 statements; a model is one plain select"),
        ([], "delete from silver.items", 1, "a model is one plain select"),
        ([READS_ITEMS], "from silver.items where day = $day", 1, "(?i)parameter"),
        (["column: dya | Day", READS_ITEMS], "from silver.items", 3, "documents dya, which the query does not produce"),
        (["check: unique dya", READS_ITEMS], "from silver.items", 3, "checks dya, which the query does not produce"),
        (["check: assert dya > 1", READS_ITEMS], "from silver.items", 3, '(?s)check assert dya > 1.*"dya" not found'),
    ],
)
def test_a_header_that_does_not_tell_the_truth_is_named_with_file_and_line(load, declared, query, line, words):
    with pytest.raises(UserError, match=words) as caught:
        load(silver__facts=header(*declared) + query)
    found = re.match(r"(?P<path>.*silver/facts\.sql):(?P<line>\d+): ", str(caught.value))
    assert found is not None
    assert int(found["line"]) == line


def test_gold_columns_must_be_documented_and_silver_ones_may(load):
    text = header(READS_ITEMS, "column: day | Day") + "select day, votes, kind from silver.items"
    assert len(load(silver__facts=text)) == 1
    with pytest.raises(UserError, match=r"gold/facts.sql:1: gold columns without documentation: votes, kind"):
        load(gold__facts=text)


def test_an_incremental_model_must_have_its_column(load):
    with pytest.raises(UserError, match="incremental by month, which the query does not produce"):
        load(silver__facts=header(READS_ITEMS, materialized="incremental month") + "select day from silver.items")


def test_models_come_after_those_that_they_read(load):
    models = load(
        silver__a=header("depends_on: silver.c") + "from silver.c",
        silver__b=header(READS_ITEMS) + "select day from silver.items",
        silver__c=header("depends_on: silver.b") + "select *, 1 as one from silver.b",
    )
    assert [model.table for model in models] == ["silver.b", "silver.c", "silver.a"]
    assert dict(models[2].column_types) == {"day": "DATE", "one": "INTEGER"}


def test_models_that_read_each_other_in_a_circle_are_named(load):
    with pytest.raises(UserError, match=r"in a circle: silver\.(a|b) → silver\.(a|b)"):
        load(
            silver__a=header("depends_on: silver.b") + "from silver.b",
            silver__b=header("depends_on: silver.a") + "from silver.a",
        )


def test_a_model_cannot_take_the_name_of_a_table_of_the_migrations(load):
    with pytest.raises(UserError, match=r"silver/items.sql:1: .*already exists|silver/items.sql:1: .*kind"):
        load(silver__items=header() + "select 1 as one")


def test_only_the_folders_of_the_layers_hold_models(load):
    assert load(migrations__x="create table x (a int)", queries__y="select $day") == []


def test_the_code_version_follows_the_query_and_not_its_documentation(load):
    def version(text):
        return load(silver__facts=text)[0].code_version

    first = version(header(READS_ITEMS) + "select day from silver.items")
    assert version(header(READS_ITEMS, "column: day | Day") + "select day from silver.items") == first
    assert version(header(READS_ITEMS) + "select day from silver.items where true") != first
    assert version(header(READS_ITEMS, materialized="view") + "select day from silver.items") != first


def test_loading_models_needs_no_parser_of_our_own():
    """sqlglot is for lineage, which is asked for when a model runs, not when the code location loads."""
    script = """
import sys
from painpoint_platform.sql_models.model import load_models
load_models()
print('sqlglot' in sys.modules)
"""
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout == "False\n"


ITEMS = {"silver.items": {"day": "DATE", "votes": "INTEGER", "kind": "VARCHAR"}, "silver.kinds": {"kind": "VARCHAR", "meaning": "VARCHAR"}}  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("query", "lineage"),
    [
        ("select day as d from silver.items", {"d": [("silver.items", "day")]}),
        ("select count(*) as n, 1 as one from silver.items", {"n": [], "one": []}),
        (
            "with a as (select kind, sum(votes) as v from silver.items group by all) "
            "select meaning, v / 2 as half from a join silver.kinds using (kind)",
            {"meaning": [("silver.kinds", "meaning")], "half": [("silver.items", "votes")]},
        ),
        ("select * from silver.kinds", {"kind": [("silver.kinds", "kind")], "meaning": [("silver.kinds", "meaning")]}),
        (
            "select kind from silver.items union all select meaning from silver.kinds",
            {"kind": [("silver.items", "kind"), ("silver.kinds", "meaning")]},
        ),
    ],
)
def test_columns_are_traced_to_the_stored_columns_that_they_are_made_of(query, lineage):
    assert column_lineage(query, ITEMS) == {column: tuple(sources) for column, sources in lineage.items()}
