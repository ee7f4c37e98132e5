"""Figures as PNG, drawn without a screen and small enough for Dagster's event log.

Belongs here: the canvas, the colours and the file that every picture shares. Does not belong here: what a picture
shows (its domain).
"""

import io
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 96
# One hue from light to dark, told apart by lightness alone; the pages use the same six in their light scheme.
HEAT = ("#e1eef7", "#c0dbee", "#93c3e2", "#5ba6d2", "#0072b2", "#00426b")
INK = "#1a1d21"
QUIET = "#5a616c"
LINE = "#e2e1dc"


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of ``width`` × ``height`` inches.

    No pyplot: it keeps figures in a global list, which threads of the webserver would share.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def as_png(figure: "Figure", *, colours: int = 64) -> bytes:
    """Return the figure as PNG with a palette of ``colours``, a third of the size of one in full colour."""
    from PIL import Image

    raw = io.BytesIO()
    with warnings.catch_warnings():
        # The packaged font lacks some scripts; a title in Japanese is drawn as boxes rather than failing the run.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(raw, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.12)
    small = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(colours).save(small, format="png", optimize=True)
    return small.getvalue()


def heat_level(count: int) -> int:
    """Return the shade of a count, 0 (none) to 6: each is twice the one before (1, 2, 3–4, 5–8, 9–16, 17 and more).

    Fixed steps, so that a shade means the same in every report.
    """
    return min((count - 1).bit_length() + 1, len(HEAT)) if count > 0 else 0
