"""The pages of ``painpoint qa review``: one a call, beside the output that they show, and a list of them.

Belongs here: reading a run's output and writing its pages. Does not belong here: what a page shows (``review``).
"""

from pathlib import Path
from typing import Final

from painpoint_platform.errors import UserError
from painpoint_platform.files import replacing
from painpoint_platform.progress import Progress
from painpoint_platform.transcripts.file_names import file_name
from painpoint_platform.transcripts.groups import Pairing
from painpoint_platform.transcripts.outputs import OUTPUT_FILE, PAIRINGS_FILE, read_pairings
from painpoint_platform.transcripts.records import Transcript, read_transcripts
from painpoint_platform.transcripts.review import ReviewEntry, render_review, render_review_index, review_entry

REVIEW_FOLDER: Final = "review"
INDEX: Final = "index.html"


def write_review_pages(folder: Path, *, progress: Progress | None = None) -> Path:
    """Write a page for every call of an output folder, and return the path of the list of them.

    Args:
        folder: as ``qa run`` left it.
        progress: called with (pages done, pages).

    Raises:
        UserError: the folder is none of ``qa run``, or its files do not belong together.
    """
    pairings = read_pairings(folder)
    reading = read_transcripts(folder / OUTPUT_FILE)
    calls = {transcript.key: transcript for transcript in reading.transcripts}
    review = folder / REVIEW_FOLDER
    entries = []
    for done, pairing in enumerate(pairings, start=1):
        call = calls.get(pairing.transcript)
        if call is None or not _belongs(pairing, call):
            raise UserError(
                f"{folder}: {OUTPUT_FILE} and {PAIRINGS_FILE} are of different runs (transcript "
                f"{pairing.transcript!r}); run `painpoint qa run` again"
            )
        entries.append(write_review_page(review, call, pairing))
        if progress:
            progress(done, len(pairings))
    index = review / INDEX
    with replacing(index) as file:
        file.write(render_review_index(entries).encode())
    return index


def _belongs(pairing: Pairing, call: Transcript) -> bool:
    """Return whether these are the call's blocks; a run that was killed may have replaced one of the two files."""
    decided = [decision.speaker_block_id for decision in pairing.decisions]
    return decided == [block.speaker_block_id for block in call.blocks]


def write_review_page(folder: Path, transcript: Transcript, pairing: Pairing) -> ReviewEntry:
    """Write the page of one call into ``folder`` and return its line in the list of calls.

    Raises:
        UserError: the page cannot be written.
    """
    page = file_name(transcript.key, ".html")
    html = render_review(
        transcript.key, blocks=transcript.blocks, decisions=pairing.decisions, groups=pairing.groups,
        problems=pairing.problems,
    )  # fmt: skip
    with replacing(folder / page) as file:
        file.write(html.encode())
    return review_entry(
        transcript.key, page, blocks=transcript.blocks, decisions=pairing.decisions, groups=pairing.groups,
        problems=pairing.problems,
    )  # fmt: skip
