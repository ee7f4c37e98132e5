"""The payloads of the calls' page: all calls, and a file a call with its exchanges.

Belongs here: which calls there is room for. Does not belong here: pairing (``transcripts``), the page
(``site/calls.html``).
"""

from typing import Any

import polars as pl

from painpoint_platform.report.reading import COLUMNS, Contents, columnar
from painpoint_platform.report.sizes import CALLS_BYTES, row_bytes

EXCHANGE = tuple(name for name in COLUMNS["exchanges"] if name != "transcript")


def call_files(contents: Contents) -> dict[str, dict[str, Any]]:
    """Return the payload of ``calls`` and of each ``calls/<n>``, by file.

    The latest calls get a file each as long as there is room; the ``file`` of the others is None.
    """
    calls, exchanges = contents.rows["calls"], contents.rows["exchanges"]
    if not calls.height:
        return {"calls": columnar(calls.with_columns(file=pl.lit(None)))}
    sizes = exchanges.group_by("transcript").agg(size=row_bytes(list(EXCHANGE)).sum())
    numbered = (
        calls.join(sizes, on="transcript", how="left", maintain_order="left")
        .with_row_index("file")
        .with_columns(file=pl.when(pl.col("size").cum_sum() <= CALLS_BYTES).then("file"))
    )
    groups = exchanges.partition_by("transcript", as_dict=True, include_key=False)
    files = {
        f"calls/{number}": {"transcript": transcript, "groups": groups[(transcript,)].to_dicts()}
        for transcript, number in numbered.drop_nulls("file").select("transcript", "file").rows()
    }
    return {"calls": columnar(numbered.select(*calls.columns, "file")), **files}
