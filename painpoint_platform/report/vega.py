"""The runtime of the charts as one script: Vega, Vega-Lite and Vega-Embed, from the package vl-convert.

Belongs here: making the script and keeping it, a file a version. Does not belong here: charts (``charts``), drawing
(``site/drawing.js``).
"""

import hashlib
from pathlib import Path

from painpoint_platform.files import replacing

SNIPPET = "window.vega = vega; window.vegaEmbed = vegaEmbed;"


def vega_bundle(cache_dir: Path) -> str:
    """Return the script that defines ``vega`` and ``vegaEmbed``, about 0.9 MB; it loads nothing.

    Making it takes a second, so it is kept in ``cache_dir`` (made where it is missing) under its versions. The
    same versions give the same bytes.

    Raises:
        UserError: ``cache_dir`` cannot be written.
    """
    import vl_convert

    libraries = f"vega{vl_convert.get_vega_version()}-embed{vl_convert.get_vega_embed_version()}"
    kept = cache_dir / f"{libraries}-{hashlib.sha256(SNIPPET.encode()).hexdigest()[:8]}.js"
    if kept.exists():
        return kept.read_text(encoding="utf-8")
    script: str = vl_convert.javascript_bundle(SNIPPET)
    cache_dir.mkdir(parents=True, exist_ok=True)
    with replacing(kept) as file:
        file.write(script.encode())
    return script
