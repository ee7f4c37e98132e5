"""The files of the report that are not data: pages, styles, scripts, charts.

Belongs here: which they are and where they lie in the folder. Does not belong here: what is in them (``site/``,
``charts``, ``vega``).
"""

import json
from pathlib import Path
from typing import Any

from painpoint_platform.pages.page import SHELL

SITE = Path(__file__).resolve().parent / "site"


def site_files(cache_dir: Path, **about: str | None) -> dict[str, str]:
    """Return the text of each file by its path in the folder.

    Args:
        cache_dir: where the charts' runtime is kept once it was made.
        about: what the pages' frame shows: ``version``, ``day``, ``generated_at``.
    """
    from painpoint_platform.report.charts import chart_specs
    from painpoint_platform.report.vega import vega_bundle

    files = _pages(about)
    for asset in sorted((SHELL / "page.css", *SITE.glob("*.css"), *SITE.glob("*.js"))):
        files[f"assets/{asset.name}"] = asset.read_text(encoding="utf-8")
    files["assets/vega.js"] = vega_bundle(cache_dir)
    files["assets/charts.js"] = data_file("charts", chart_specs())
    return files


def data_file(name: str, payload: Any) -> str:
    """Return the text of a file of data: JSON that hands itself to the page.

    A script may be loaded from disk where a page may not read JSON, and the text stays as it is written, so that a
    search for a post's words finds them.
    """
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"painpoint.load({json.dumps(name)}, {text});\n"


def _pages(about: dict[str, str | None]) -> dict[str, str]:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(SITE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # A name that begins with _ is a part of other pages.
    names = [page.name for page in sorted(SITE.glob("[!_]*.html"))]
    return {name: environment.get_template(name).render(page=Path(name).stem, **about) for name in names}
