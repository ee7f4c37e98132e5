"""The chart of the map page: a day's clusters as bubbles above the items that they are made of.

Belongs here: the Vega-Lite spec, without data. Does not belong here: moving and zooming, what is lit and which bubbles
are named, which the page decides and hands over as data (``site/map.js``); colours of both schemes (``charts``).

What the spec asks of its datasets:

- ``noise`` and ``items`` (posts outside of any cluster, and in one): x, y, title, lit; items also category, cluster
- ``clusters``: x, y, title, category, items, state, lit, chosen
- ``names``: as clusters, and name

Its parameters ``x_low``, ``x_high``, ``y_low``, ``y_high`` are the part of the plane that is seen, ``largest`` is the
area of the largest bubble in square pixels.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair

HEIGHT = 560  # pixels
SMALLEST = 24  # area of a bubble in square pixels


def specs() -> dict[str, dict[str, Any]]:
    """Return the specs of the page by the name under which the page asks for them."""
    return {"cluster_map": cluster_map()}


def cluster_map() -> dict[str, Any]:
    """Return the Vega-Lite spec of the map.

    No field of the data is part of an expression: titles come from strangers.
    """
    import altair as alt

    parameters = {"x_low": 0, "x_high": 1, "y_low": 0, "y_high": 1, "largest": 2400}
    chart = (
        alt.layer(_noise(), _items(), _clusters(), _halo(), _names())
        .add_params(*(alt.param(name=name, value=value) for name, value in parameters.items()))
        .properties(width="container", height=HEIGHT, padding=0)
    )
    return chart.to_dict()


def _noise() -> "altair.Chart":
    import altair as alt

    return _dots("noise").encode(color=alt.value("var(--rest)"))


def _items() -> "altair.Chart":
    return _dots("items").encode(color=_category())


def _dots(dataset: str) -> "altair.Chart":
    import altair as alt

    dots: alt.Chart = (
        alt.Chart(alt.NamedData(dataset))
        .mark_circle(size=10, clip=True)
        .encode(
            **_place(),
            opacity=alt.condition("datum.lit", alt.value(0.55), alt.value(0.1)),
            tooltip=[alt.Tooltip("title:N", title="Post")],
        )
    )
    return dots


def _clusters() -> "altair.Chart":
    import altair as alt

    bubbles: alt.Chart = (
        alt.Chart(alt.NamedData("clusters"))
        .mark_circle(clip=True, cursor="pointer")
        .encode(
            **_place(),
            color=_category(),
            size=alt.Size(
                "items:Q", legend=None, scale=alt.Scale(rangeMin=SMALLEST, rangeMax=alt.ExprRef("largest"), zero=True)
            ),
            opacity=alt.condition("datum.lit", alt.value(0.72), alt.value(0.08)),
            stroke=alt.condition("datum.chosen", alt.value("var(--ink)"), alt.value("var(--ground)")),
            strokeWidth=alt.condition("datum.chosen", alt.value(3), alt.value(1)),
            tooltip=_told(),
        )
    )
    return bubbles


def _halo() -> "altair.Chart":
    """What lies under a name is held off, or the name could not be read."""
    import altair as alt

    return _names().encode(stroke=alt.value("var(--ground)"), strokeWidth=alt.value(3), strokeOpacity=alt.value(0.85))


def _names() -> "altair.Chart":
    import altair as alt

    names: alt.Chart = (
        alt.Chart(alt.NamedData("names"))
        .mark_text(fontSize=12, clip=True, cursor="pointer")
        .encode(**_place(), text="name:N", color=alt.value("var(--ink)"), tooltip=_told())
    )
    return names


def _told() -> "list[altair.Tooltip]":
    import altair as alt

    return [
        alt.Tooltip("title:N", title="Issue"),
        alt.Tooltip("category:N", title="Category"),
        alt.Tooltip("items:Q", title="Posts", format=","),
        alt.Tooltip("state:N", title="State"),
    ]


def _place() -> dict[str, Any]:
    import altair as alt

    def within(low: str, high: str) -> alt.Scale:
        return alt.Scale(domain=[alt.ExprRef(low), alt.ExprRef(high)], zero=False, nice=False)

    return {
        "x": alt.X("x:Q", axis=None, scale=within("x_low", "x_high")),
        "y": alt.Y("y:Q", axis=None, scale=within("y_low", "y_high")),
    }


def _category() -> "altair.Color":
    import altair as alt

    return alt.Color("category:N", legend=None)
