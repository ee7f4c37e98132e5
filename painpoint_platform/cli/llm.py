"""``painpoint llm costs``: what models were asked and what it cost.

Belongs here: the command. Does not belong here: the ledger (``painpoint_platform.llm.ledger``), how it is summed up
(the model ``gold.llm_cost_daily``; its file is a plain select, so it also runs where no run has made the view yet).
"""

from typing import TYPE_CHECKING

import typer

from painpoint_platform.cli.console import AsJson, out, print_json, table
from painpoint_platform.cli.warehouse import reading
from painpoint_platform.paths import bundled
from painpoint_platform.settings import load_settings

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection

MODEL = "gold/llm_cost_daily.sql"
# Column -> what stands above it, where the whole table has to fit into a terminal.
SHOWN = {
    "call_date": "day",
    "task": "task",
    "model": "model",
    "call_count": "calls",
    "cached_count": "known",
    "failed_count": "failed",
    "prompt_tokens": "tokens sent",
    "completion_tokens": "received",
    "cost_usd": "USD",
    "unpriced_call_count": "no price",
    "mean_latency_s": "seconds",
}

app = typer.Typer(help="Models: what they were asked and what it cost.", no_args_is_help=True)


@app.callback()
def llm() -> None:
    """Models: what they were asked and what it cost."""


@app.command()
def costs(as_json: AsJson = False) -> None:
    """Show calls, tokens and cost by day, task and model: gold.llm_cost_daily, as of now."""
    import polars as pl

    with reading(load_settings()) as connection:
        found = costs_of(connection)
    total = found["cost_usd"].sum()
    if as_json:
        print_json({"cost_usd": total, "rows": found.to_dicts()})
        return
    if found.is_empty():
        out.print("No model was asked yet.")
        return
    numbers = [SHOWN[name] for name, kind in found.schema.items() if kind.is_numeric() and name in SHOWN]
    four_places = pl.col("cost_usd").map_elements(lambda usd: f"{usd:.4f}", return_dtype=pl.String)
    shown = found.select(*SHOWN).with_columns(four_places, pl.col("mean_latency_s").round(1))
    out.print(table("Model calls", list(SHOWN.values()), shown.iter_rows(), right=numbers))
    unpriced = found["unpriced_call_count"].sum()
    rest = f" Calls of unknown price are not in it: {unpriced:,}." if unpriced else ""
    out.print(f"Known cost in all: {total:.4f} USD.{rest}")


def costs_of(connection: "DuckDBPyConnection") -> "pl.DataFrame":
    """Return the rows of ``gold.llm_cost_daily``, computed from the ledger as it is."""
    return connection.sql((bundled("dbt_like_sql") / MODEL).read_text(encoding="utf-8")).pl()
