"""The assets of the transcripts domain: load a call, pair its questions with answers, publish its exchanges.

Belongs here: keys, partitions, pools, checks and metadata. Does not belong here: what is done for a transcript
(``transcript_steps``), what a person sees of it (``views``).
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from painpoint_platform.automation import after_new_rows
from painpoint_platform.layers import bronze, fact, gold, silver, table_spec, view_metadata, warning
from painpoint_platform.partitions import Committed, materialize_each, one_run_a_range, transcripts
from painpoint_platform.resources.embedding import EmbeddingResource
from painpoint_platform.resources.llm import LLMResource
from painpoint_platform.resources.transcripts import TranscriptsResource
from painpoint_platform.resources.warehouse import WarehouseResource

PARAGRAPHS = bronze("transcript_paragraphs")
QA, BLOCKS = silver("transcript_qa"), silver("transcript_blocks")
GROUPS = gold("qa_groups")

transcript_asset = partial(dg.multi_asset, partitions_def=transcripts, backfill_policy=one_run_a_range)
table = partial(table_spec, group="transcripts")


PARAGRAPH_CHECKS = (fact("unique_position", PARAGRAPHS, "A record of the file is one row."),)


@transcript_asset(
    name="transcript_paragraphs",
    specs=[
        table(
            PARAGRAPHS,
            description="The paragraphs of a classified transcript, from a file in TRANSCRIPTS_INBOX.",
            kinds={"python", "json"},
            starts="The sensor new_transcripts, when a file comes into TRANSCRIPTS_INBOX or changes there.",
        )
    ],
    check_specs=PARAGRAPH_CHECKS,
)
def transcript_paragraphs(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, transcript_files: TranscriptsResource
) -> Iterator[Any]:
    """Load each transcript of the run."""
    from painpoint_platform.transcripts import transcript_steps, views  # Polars comes with it
    from painpoint_platform.transcripts.inbox_files import InboxFiles

    files = InboxFiles(Path(transcript_files.inbox))

    def one_transcript(key: str) -> Committed:
        transcript_steps.load_transcript(warehouse, key, files=files)
        return Committed({PARAGRAPHS: view_metadata(views.paragraphs(warehouse, key))})

    yield from materialize_each(context, one_transcript, checks=PARAGRAPH_CHECKS)


QA_CHECKS = (
    fact("records_are_unchanged", QA, "Every paragraph is there as it was read, in its order, with three more fields."),
    fact("every_block_has_one_state", BLOCKS, "Each block of the section was decided once."),
    fact("ids_are_contiguous_from_1", BLOCKS, "Exchanges are numbered in the order in which they start."),
    fact("one_exchange_at_a_time", BLOCKS, "No exchange begins before the last one has ended."),
    fact("no_operator_in_an_exchange", BLOCKS, "Operator blocks stand alone, also inside an exchange's range."),
    warning("every_question_to_the_model_was_answered", BLOCKS, "No block fell back to the rules."),
)


@transcript_asset(
    name="transcript_qa",
    specs=[
        table(
            QA,
            description="The paragraphs with the exchange that each belongs to.",
            kinds={"python"},
            deps=[PARAGRAPHS],
            automation_condition=after_new_rows,
        ),
        table(
            BLOCKS,
            description="What was decided about each block and why, by rules or, where they are unsure, a model.",
            kinds={"python", "llm"},
            deps=[PARAGRAPHS],
            automation_condition=after_new_rows,
        ),
    ],
    check_specs=QA_CHECKS,
    pool="llm",
)
def transcript_qa(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    transcript_files: TranscriptsResource,
    llm: LLMResource,
    embedding: EmbeddingResource,
) -> Iterator[Any]:
    """Pair the questions and answers of each transcript of the run."""
    from painpoint_platform.transcripts import transcript_steps, views

    client = llm.client(run_id=context.run.run_id, embedder_factory=embedding.embedder)

    def one_transcript(key: str) -> Committed:
        paired = transcript_steps.pair_transcript(
            warehouse, key, client=client, mode=transcript_files.qa_model, margin=transcript_files.qa_margin,
            artifacts=transcript_files.artifacts,
        )  # fmt: skip
        shown = dict(zip((QA, BLOCKS), views.pairing(warehouse, key, paired), strict=True))
        unanswered = views.unanswered(paired)
        warnings = {"every_question_to_the_model_was_answered": unanswered} if unanswered else {}
        return Committed({table_key: view_metadata(view) for table_key, view in shown.items()}, warnings)

    yield from materialize_each(context, one_transcript, checks=QA_CHECKS)


GROUP_CHECKS = (
    fact("unique_qa_group_id", GROUPS, "An exchange occurs once."),
    fact("every_exchange_is_published", GROUPS, "The exchanges here are those of the blocks."),
)


@transcript_asset(
    name="transcript_qa_groups",
    specs=[
        table(
            GROUPS,
            description="Exchanges between an analyst and the company, with a page a transcript to read and review.",
            kinds={"python"},
            deps=[QA, BLOCKS],
            automation_condition=after_new_rows,
        )
    ],
    check_specs=GROUP_CHECKS,
)
def transcript_qa_groups(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, transcript_files: TranscriptsResource
) -> Iterator[Any]:
    """Publish the exchanges of each transcript of the run."""
    from painpoint_platform.transcripts import transcript_steps, views

    def one_transcript(key: str) -> Committed:
        page = transcript_steps.publish_groups(warehouse, key, artifacts=transcript_files.artifacts)
        metadata = view_metadata(views.groups(warehouse, key)) | {"review_page": dg.MetadataValue.path(page)}
        return Committed({GROUPS: metadata})

    yield from materialize_each(context, one_transcript, checks=GROUP_CHECKS)


ASSETS = [transcript_paragraphs, transcript_qa, transcript_qa_groups]
