"""``painpoint llm costs``: what models were asked and what it cost.

Belongs here: the command. Does not belong here: the ledger (``painpoint_platform.llm.ledger``).
"""

import typer

from painpoint_platform.cli.console import AsJson, out, print_json, table
from painpoint_platform.cli.warehouse import reading
from painpoint_platform.settings import load_settings

app = typer.Typer(help="Models: what they were asked and what it cost.", no_args_is_help=True)


@app.callback()
def llm() -> None:
    """Models: what they were asked and what it cost."""


@app.command()
def costs(as_json: AsJson = False) -> None:
    """Show calls, tokens and cost by day, task and model, from ops.llm_calls."""
    import polars as pl

    from painpoint_platform.llm.ledger import costs as costs_of

    with reading(load_settings()) as connection:
        found = costs_of(connection)
    total = found["cost_usd"].sum()
    if as_json:
        print_json({"cost_usd": total, "rows": found.to_dicts()})
        return
    if found.is_empty():
        out.print("No model was asked yet.")
        return
    numbers = [name for name, kind in found.schema.items() if kind.is_numeric()]
    shown = found.with_columns(pl.col("cost_usd").map_elements(lambda usd: f"{usd:.4f}", return_dtype=pl.String))
    out.print(table("Model calls", found.columns, shown.iter_rows(), right=numbers))
    out.print(f"Known cost in all: {total:.4f} USD. Calls of unknown price are not in it.")
