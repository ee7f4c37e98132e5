"""The chart of the page about costs: what models did, day by day and task by task.

Belongs here: the Vega-Lite spec, without data. Does not belong here: which measure is drawn, which the page chooses
(``site/costs.js``).

What the spec asks of its dataset ``daily``: day (text YYYY-MM-DD), task, value, shown (the value as it is written).
"""

from typing import Any

HEIGHT = 240  # pixels


def specs() -> dict[str, dict[str, Any]]:
    """Return the specs of the page by the name under which the page asks for them."""
    return {"daily_costs": daily_costs()}


def daily_costs() -> dict[str, Any]:
    """Return the Vega-Lite spec of the stacked bars, a bar a day and a colour a task."""
    import altair as alt

    chart = (
        alt.Chart(alt.NamedData("daily"))
        .mark_bar()
        .encode(
            x=alt.X(
                "day:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=12, ticks=False)
            ),
            y=alt.Y("value:Q", title=None, stack=True, axis=alt.Axis(tickCount=5, domain=False, ticks=False)),
            color=alt.Color("task:N", legend=alt.Legend(orient="bottom", title=None, columns=2, labelLimit=220)),
            tooltip=[
                alt.Tooltip("day:N", title="Day"),
                alt.Tooltip("task:N", title="Task"),
                alt.Tooltip("shown:N", title="Amount"),
            ],
        )
        .properties(width="container", height=HEIGHT, autosize=alt.AutoSizeParams(type="fit", contains="padding"))
    )
    spec: dict[str, Any] = chart.to_dict()
    return spec
