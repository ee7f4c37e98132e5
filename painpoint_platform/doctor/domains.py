"""What each domain waits for or works with: inboxes, the taxonomy, the models that score how a text feels.

Belongs here: files of the courses, transcripts and perception domains. Does not belong here: what the issues domain
needs, which is servers (``services``).
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from painpoint_platform.doctor.finding import Finding, State, tried
from painpoint_platform.settings import Settings
from painpoint_platform.wording import counted


def courses(settings: Settings, _online: bool) -> Iterator[Finding]:
    """Look for Stage-1 runs, the list of courses and the labels of themes."""
    from painpoint_platform.courses.taxonomy import load_taxonomy

    waiting = len(list(settings.course_inbox.glob("*/predictions_FULL.csv")))
    if settings.courses_inbox and not settings.courses_inbox.is_dir():
        yield Finding("courses", "inbox", "missing", f"COURSES_INBOX: there is no folder {settings.courses_inbox}")
    elif not waiting:
        yield Finding("courses", "inbox", "off", f"no Stage-1 run in {settings.course_inbox} (COURSES_INBOX)")
    else:
        yield Finding("courses", "inbox", "ok", f"{counted(waiting, 'Stage-1 run')} in {settings.course_inbox}")
        if not settings.course_list_file.exists():
            yield Finding(
                "courses", "course list", "missing", f"{settings.course_list_file} is not there (COURSE_LIST)"
            )
    yield tried("courses", "taxonomy", lambda: f"{len(load_taxonomy(settings.courses_taxonomy_file))} labels of themes")


def transcripts(settings: Settings, _online: bool) -> Iterator[Finding]:
    """Look for calls, and say how their boundaries are decided."""
    waiting = len(list(settings.transcript_inbox.glob("*.json")))
    if settings.transcripts_inbox and not settings.transcripts_inbox.is_dir():
        lost = f"TRANSCRIPTS_INBOX: there is no folder {settings.transcripts_inbox}"
        yield Finding("transcripts", "inbox", "missing", lost)
    else:
        state: State = "ok" if waiting else "off"
        detail = f"{counted(waiting, 'file')} in {settings.transcript_inbox} (TRANSCRIPTS_INBOX)"
        yield Finding("transcripts", "inbox", state, detail)
    how = f"QA_MODEL={settings.qa_model}" + (
        f", below a margin of {settings.qa_margin:g}" if settings.qa_model == "auto" else ""
    )
    yield Finding("transcripts", "boundaries", "ok", f"rules first; {how}")


def perception(settings: Settings, _online: bool) -> Iterator[Finding]:
    """Look at the labelled corpus, the training settings and the models that score items."""
    from painpoint_platform.perception.settings_file import load_settings

    yield tried("perception", "corpus", partial(_corpus, settings.perception_corpus))
    if settings.perception_settings:
        chosen = settings.perception_settings
        yield tried("perception", "settings", lambda: f"{chosen}, seed {load_settings(chosen).seed}")
    yield tried("perception", "models", partial(_scoring_models, settings))


def _corpus(path: Path | None) -> str:
    from painpoint_platform.perception.corpora.corpus import read_corpus

    if path is None:
        return "the synthetic one (PERCEPTION_CORPUS is not set): models know planted texts only"
    corpus = read_corpus(path)
    return f"{path}: {corpus.frame.height:,} texts labelled with {', '.join(corpus.variables)}"


def _scoring_models(settings: Settings) -> str:
    from painpoint_platform.perception.runs.training_run import corpus_name
    from painpoint_platform.perception.scoring.scoring_models import trained_models
    from painpoint_platform.perception.variables import SCORED

    trained = trained_models(
        chosen=settings.perception_models,
        root=settings.artifacts_dir / "perception",
        corpus=corpus_name(settings.perception_corpus),
    )
    lacking = [variable for variable in SCORED if variable not in trained]
    default = [f"{', '.join(lacking)}: the default, trained on made-up texts at first use"] if lacking else []
    return "; ".join([*(f"{variable}: {model.name}" for variable, model in trained.items()), *default])
