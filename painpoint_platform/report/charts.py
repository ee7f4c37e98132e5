"""Charts of the overview and of an issue's page, and the collection of all charts of the report.

Belongs here: Vega-Lite specs, made by Altair, which checks them. Does not belong here: data, which a page fills in as
named datasets; type and ground, which the browser adds in light or dark (``site/drawing.js``).

A colour is a name of the style sheet, such as ``var(--state-new)``, and the browser looks it up. No value of a post
ever becomes part of an expression: it stays data.
"""

from typing import TYPE_CHECKING, Any

from painpoint_platform.report import charts_costs, charts_map

if TYPE_CHECKING:
    import altair

STATES = ("new", "growing", "steady", "fading")
HISTORY_HEIGHT = 180  # pixels
# A name of a colour cannot be mixed with another, so that many are told by opacity.
FAINT_TO_FULL = [0.1, 1]


def chart_specs() -> dict[str, dict[str, Any]]:
    """Return every chart of the report by the name under which a page asks for it, as JSON objects of Vega-Lite 6.

    Altair's own settings of type and view are left out: the page has its own.
    """
    specs = specs_of_issues() | charts_map.specs() | charts_costs.specs()
    return {name: {key: part for key, part in spec.items() if key != "config"} for name, spec in specs.items()}


def specs_of_issues() -> dict[str, dict[str, Any]]:
    """Return the specs of the overview and of an issue's page."""
    return {
        "categories": categories(),
        "category_days": category_days(),
        "sources": sources(),
        "issue_sources": issue_sources(),
        "issue_history": issue_history(),
        "issue_feelings": issue_feelings(),
    }


def categories() -> dict[str, Any]:
    """Return bars of issues, a bar a category, by state; dataset ``categories``: category, state, place, issues."""
    import altair as alt

    return _fitted(
        _bars("categories").encode(
            y=_names("category"),
            x=alt.X("issues:Q", title="Issues", axis=_amounts(), stack=True),
            color=_state("state"),
            order=alt.Order("place:Q"),
            tooltip=[_said("category"), _said("state"), _said("issues", ",")],
        )
    )


def category_days() -> dict[str, Any]:
    """Return a heat map of posts, categories by days; dataset ``days``: day, category, items, issues."""
    import altair as alt

    chart = (
        alt.Chart(alt.NamedData("days"))
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("day:O", title=None, axis=_days(), scale=alt.Scale(paddingInner=0.06)),
            y=_names("category", padding=0.06),
            color=alt.value("var(--series-1)"),
            opacity=alt.Opacity(
                "items:Q", scale=alt.Scale(range=FAINT_TO_FULL, zero=True), legend=_steps("Posts of its issues")
            ),
            tooltip=[_said("day"), _said("category"), _said("items", ","), _said("issues", ",")],
        )
    )
    return _fitted(chart)


def sources() -> dict[str, Any]:
    """Return bars of posts, a bar a source, in two parts; dataset ``sources``: source, part, place, posts, share."""
    import altair as alt

    parts = alt.Scale(domain=["about an issue", "about none"], range=["var(--series-1)", "var(--rest)"])
    return _fitted(
        _bars("sources").encode(
            y=_names("source"),
            x=alt.X("posts:Q", title="Posts", axis=_amounts(), stack=True),
            color=alt.Color("part:N", scale=parts, legend=alt.Legend(title=None)),
            order=alt.Order("place:Q"),
            tooltip=[_said("source"), _said("part"), _said("posts", ","), _said("share", ".0%")],
        )
    )


def issue_sources() -> dict[str, Any]:
    """Return bars of an issue's posts, a bar a source; dataset ``sources``: source, posts."""
    import altair as alt

    bars = _bars("sources").encode(
        y=_names("source"),
        x=alt.X("posts:Q", title=None, axis=None),
        tooltip=[_said("source"), _said("posts", ",")],
    )
    return _fitted(
        bars + bars.mark_text(align="left", dx=5, color="var(--ink)").encode(text=alt.Text("posts:Q", format=","))
    )


def issue_history() -> dict[str, Any]:
    """Return bars of an issue's posts, a bar a day in the colour of its state; dataset ``history``.

    Its columns: day, items, authors, impact, state.
    """
    import altair as alt

    chart = (
        alt.Chart(alt.NamedData("history"), height=HISTORY_HEIGHT)
        .mark_bar(cornerRadiusEnd=2, width={"band": 0.8})
        .encode(
            x=alt.X("day:O", title=None, axis=_days()),
            y=alt.Y("items:Q", title="Posts", axis=_amounts()),
            color=_state("state"),
            tooltip=[_said("day"), _said("state"), _said("items", ","), _said("authors", ","), _said("impact", ".0f")],
        )
    )
    return _fitted(chart)


def issue_feelings() -> dict[str, Any]:
    """Return what an issue's posts feel like with how sure that is; dataset ``feelings``: name, value, low, high."""
    import altair as alt

    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(values=[0, 0.5, 1], labelExpr="datum.value == 0 ? 'low' : datum.value == 1 ? 'high' : 'middle'")
    base = alt.Chart(alt.NamedData("feelings")).encode(
        y=_names("name"), tooltip=[_said("name"), _said("value", ".2f"), _said("low", ".2f"), _said("high", ".2f")]
    )
    ends = {"x": alt.X("low:Q", title=None, scale=scale, axis=axis), "x2": "high:Q"}
    band = base.mark_bar(height=8, cornerRadius=4, color="var(--rest)").encode(**ends)
    mean = base.mark_point(filled=True, size=110, opacity=1, color="var(--series-1)").encode(
        x=alt.X("value:Q", scale=scale)
    )
    return _fitted(band + mean)


def _fitted(chart: "altair.Chart | altair.LayerChart") -> dict[str, Any]:
    """As wide as the page lets it be."""
    spec: dict[str, Any] = chart.properties(width="container").to_dict()
    return spec


def _bars(dataset: str) -> "altair.Chart":
    import altair as alt

    bars: alt.Chart = alt.Chart(alt.NamedData(dataset)).mark_bar(
        height={"band": 0.72}, stroke="var(--ground)", strokeWidth=1
    )
    return bars


def _names(field: str, padding: float = 0) -> "altair.Y":
    """Rows in the order of the data: the page sorts them."""
    import altair as alt

    axis = alt.Axis(domain=False, ticks=False, labelLimit=150, labelColor="var(--ink)")
    return alt.Y(f"{field}:N", title=None, sort=None, axis=axis, scale=alt.Scale(paddingInner=padding))


def _amounts() -> "altair.Axis":
    import altair as alt

    # Of one post there is no half, though an axis up to one or two has a tick there.
    whole = "datum.value % 1 ? '' : datum.label"
    return alt.Axis(tickCount=4, format=",d", labelExpr=whole, domain=False, ticks=False)


def _days() -> "altair.Axis":
    import altair as alt

    return alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=10, labelFlush=True, ticks=False, domain=False)


def _state(field: str) -> "altair.Color":
    import altair as alt

    scale = alt.Scale(domain=list(STATES), range=[f"var(--state-{state})" for state in STATES])
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend(title=None))


def _steps(title: str) -> "altair.Legend":
    import altair as alt

    return alt.Legend(title=title, tickCount=4, format=",d")


def _said(field: str, written: str | None = None) -> "altair.Tooltip":
    import altair as alt

    title = field.capitalize()
    return alt.Tooltip(f"{field}:Q", title=title, format=written) if written else alt.Tooltip(f"{field}:N", title=title)
