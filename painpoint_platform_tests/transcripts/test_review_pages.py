"""The pages of a run's output folder: every call has one, and files that do not belong together have none."""

import shutil
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from painpoint_platform.errors import UserError
from painpoint_platform.transcripts.outputs import OUTPUT_FILE, PAIRINGS_FILE
from painpoint_platform.transcripts.qa_run import run_file
from painpoint_platform.transcripts.review_pages import write_review_pages
from painpoint_platform_tests.transcripts.made_calls import call, write_calls


def run(folder: Path, *names: str, analysts: tuple[str, ...] = ("Ann Lee",)) -> Path:
    path = write_calls(folder.with_suffix(".json"), *(call(name, analysts) for name in names))
    run_file(path, folder, client=None, mode="never", margin=0.5)
    return folder


def test_every_call_has_a_page_of_its_own_whatever_its_name(tmp_path: Path) -> None:
    names = ("index", "index ", "a/b", "../x", "😀?#%20")
    index = write_review_pages(run(tmp_path / "out", *names))
    links = LexborHTMLParser(index.read_text()).css("tbody a")
    assert sorted(link.text() for link in links) == sorted(names)
    pages = {path.name for path in index.parent.iterdir()} - {"index.html"}
    assert {link.attributes["href"] for link in links} == pages
    assert len(pages) == len(names)


def test_a_folder_without_a_run_is_told_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"give the output folder of `painpoint qa run`"):
        write_review_pages(tmp_path)


@pytest.mark.parametrize("other", ["one", "two"])
def test_files_of_two_runs_are_refused(tmp_path: Path, other: str) -> None:
    out = run(tmp_path / "out", "one")
    newer = run(tmp_path / "newer", other, analysts=("Ann Lee", "Bob Ray"))
    # As a run that was killed between the two files leaves them.
    shutil.copy(newer / PAIRINGS_FILE, out / PAIRINGS_FILE)
    with pytest.raises(UserError, match=f"{OUTPUT_FILE} and {PAIRINGS_FILE} are of different runs"):
        write_review_pages(out)
    assert not (out / "review" / "index.html").exists()
