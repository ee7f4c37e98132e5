"""The assets of the perception domain: corpus, split, features, a training a variable, export, scores of texts.

Belongs here: keys, partitions, pools, checks and metadata. Does not belong here: what a step does (``training_run``,
``variable_training``, ``scored_tables``), what a person sees of it (``views``).
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from painpoint_platform.automation import after_new_rows, but_for, when_all_sources_are_in
from painpoint_platform.errors import DataContractError
from painpoint_platform.layers import (
    bronze,
    fact,
    file_spec,
    gold,
    silver,
    table_name,
    table_spec,
    view_metadata,
    warning,
)
from painpoint_platform.partitions import (
    Committed,
    by_day,
    course_corpora,
    daily_partitions,
    materialize_each,
    one_run_a_range,
    perception_variables,
    transcripts,
)
from painpoint_platform.resources.embedding import EmbeddingResource
from painpoint_platform.resources.perception import PerceptionResource
from painpoint_platform.resources.warehouse import WarehouseResource

GROUP = "perception"
BY_HAND = "By hand, or `painpoint perception train`: when there are new labels."
CORPUS, EVALUATION = bronze("perception_corpus"), gold("perception_evaluation")
ITEM_PERCEPTION, COURSE_PERCEPTION, CALL_PERCEPTION = (
    silver(f"{what}_perception") for what in ("item", "course", "call")
)
SPLITS, FEATURES, OUT_OF_FOLD, MODELS, EXPORT = (
    dg.AssetKey(f"perception_{name}") for name in ("splits", "features", "oof", "models", "export")
)
RAW_ITEMS = bronze("raw_items")

files = partial(file_spec, group=GROUP, starts=BY_HAND)


@dg.multi_asset(
    name="perception_corpus",
    specs=[
        table_spec(
            CORPUS,
            group=GROUP,
            description="The labelled corpus of PERCEPTION_CORPUS, or the synthetic one, in the folder of its run.",
            kinds={"python"},
            starts=BY_HAND,
        )
    ],
)
def perception_corpus(
    warehouse: WarehouseResource, perception: PerceptionResource, embedding: EmbeddingResource
) -> dg.MaterializeResult[None]:
    """Load the corpus."""
    from painpoint_platform.perception import perception_steps, views

    run = perception_steps.load_corpus(
        warehouse, perception.read_corpus(), name=perception.corpus_name, root=perception.root,
        settings=perception.settings(), encoder_version=embedding.embedder().version,
    )  # fmt: skip
    return dg.MaterializeResult(metadata=view_metadata(views.corpora(warehouse, run)))


NO_LEAKS = dg.AssetCheckSpec(
    "no_leaks",
    asset=SPLITS,
    blocking=True,
    description="No author, text or time is on both sides, and nothing was fitted on rows that judge.",
)


@dg.multi_asset(
    name="perception_splits",
    specs=[
        files(
            SPLITS,
            "Train, tune and test by author, folds inside train, and what was purged between.",
            deps=[CORPUS],
        )
    ],
    check_specs=[NO_LEAKS],
)
def perception_splits(warehouse: WarehouseResource, perception: PerceptionResource) -> Iterator[Any]:
    """Split the corpus and audit the split; a leak stops everything after it."""
    from painpoint_platform.perception import perception_steps, views
    from painpoint_platform.perception.runs import training_run

    run = perception_steps.current_run(warehouse, perception.corpus_name, perception.root)
    try:
        training_run.split_run(run, training_run.corpus_of_run(run), perception.settings())
    except DataContractError as leak:
        yield dg.AssetCheckResult(passed=False, check_name=NO_LEAKS.name, description=str(leak))
        raise dg.Failure(str(leak), allow_retries=False) from leak
    yield dg.MaterializeResult(metadata=views.step(run, "splits"))
    yield dg.AssetCheckResult(passed=True, check_name=NO_LEAKS.name, description="nothing leaks")


@dg.multi_asset(
    name="perception_features",
    specs=[files(FEATURES, "Features of each text, 405 with names, and the encoder's middle states.", deps=[SPLITS])],
    pool="embedding",
)
def perception_features(
    warehouse: WarehouseResource, perception: PerceptionResource, embedding: EmbeddingResource
) -> dg.MaterializeResult[None]:
    """Compute the features of every part, once."""
    from painpoint_platform.perception import perception_steps, views
    from painpoint_platform.perception.runs import training_run, variable_training

    run = perception_steps.current_run(warehouse, perception.corpus_name, perception.root)
    variable_training.prepare(
        run, training_run.corpus_of_run(run), embedder=embedding.embedder(), settings=perception.settings()
    )
    return dg.MaterializeResult(metadata=views.step(run, "features"))


TRAINING_CHECKS = (
    warning("gates_passed", MODELS, "The model reached everything that its gates ask for."),
    warning("intervals_cover", EVALUATION, "88 to 92 % of the labels lie in their intervals, by length."),
)


@dg.multi_asset(
    name="train_variable",
    specs=[
        files(OUT_OF_FOLD, "What base models said of rows that they had not seen.", deps=[FEATURES]),
        files(
            MODELS,
            "The final model of a variable: searched for, blended, calibrated, held against its gates. Accepted or "
            "pending, its name says which.",
            deps=[FEATURES],
        ),
        table_spec(
            EVALUATION,
            group=GROUP,
            description="The verdict of a training run on each of its models, and a report of it to open in a browser.",
            kinds={"python"},
            starts=BY_HAND,
            deps=[FEATURES],
        ),
    ],
    check_specs=TRAINING_CHECKS,
    partitions_def=perception_variables,
    backfill_policy=one_run_a_range,
    pool="embedding",
)
def perception_models(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    perception: PerceptionResource,
    embedding: EmbeddingResource,
) -> Iterator[Any]:
    """Train each variable of the run; one that the corpus has no labels of fails and names those that it has."""
    from painpoint_platform.perception import perception_steps, views

    run = perception_steps.current_run(warehouse, perception.corpus_name, perception.root)

    def one_variable(variable: str) -> Committed:
        trained = perception_steps.train(
            warehouse, run, variable, settings=perception.settings(), embedder=embedding.embedder()
        )
        shown = views.training(trained)
        return Committed(
            {OUT_OF_FOLD: shown.out_of_fold, MODELS: shown.model, EVALUATION: view_metadata(shown.evaluation)},
            shown.warnings,
        )

    yield from materialize_each(context, one_variable, checks=TRAINING_CHECKS)


PARITY = warning("parity", EXPORT, "Scores of every precision are the models', RMSE at most 0.005.")


@dg.multi_asset(
    name="perception_export",
    specs=[
        files(
            EXPORT,
            "The models of the run as one graph from text to scores, INT8 and FP16, held against the models before it "
            "is written. Needs the extra `export`.",
            deps=[dg.AssetDep(MODELS, partition_mapping=dg.AllPartitionMapping())],
            skippable=True,
        )
    ],
    check_specs=[PARITY],
    pool="embedding",
)
def perception_export(
    warehouse: WarehouseResource, perception: PerceptionResource, embedding: EmbeddingResource
) -> Iterator[Any]:
    """Export what is trained so far; which variables that is stands in the metadata."""
    from painpoint_platform.perception import perception_steps, views
    from painpoint_platform.perception.serving.export import ParityError

    run = perception_steps.current_run(warehouse, perception.corpus_name, perception.root)
    try:
        worse = perception_steps.export(run, embedder=embedding.embedder(), cache_dir=Path(embedding.cache_dir))
        yield dg.MaterializeResult(metadata=views.step(run, "export"))
    except ParityError as error:
        # The models are trained all the same; what is served must be what they say.
        worse = (str(error),)
    yield dg.AssetCheckResult(
        passed=not worse, check_name=PARITY.name, severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(worse) or "every precision says what the models say",
    )  # fmt: skip


def score_checks(key: dg.AssetKey, table_key: Sequence[str], text: str) -> tuple[dg.AssetCheckSpec, ...]:
    """Name the facts that hold for a table of scores; ``text`` is what a row is about, with its article."""
    return (
        fact(f"unique_{'_'.join(table_key)}", key, f"{text} is scored once."),
        fact("every_text_is_scored", key, f"{text} has its row: no text was left out."),
        fact("scores_lie_in_their_intervals", key, "0 ≤ low ≤ score ≤ high ≤ 1, for each of the three."),
    )


def scores_of(
    *,
    name: str,
    key: dg.AssetKey,
    description: str,
    texts: dg.AssetDep,
    partitions_def: dg.PartitionsDefinition[Any],
    automation_condition: dg.AutomationCondition[Any],
    checks: tuple[dg.AssetCheckSpec, ...],
) -> dg.AssetsDefinition:
    """Return the asset of a table of scores: the texts of each partition of the run, by the models that there are.

    New models score new partitions; older ones are scored again by whoever asks for it.
    """

    @dg.multi_asset(
        name=name,
        specs=[
            table_spec(
                key,
                group=GROUP,
                description=description,
                kinds={"python"},
                deps=[texts, dg.AssetDep(MODELS, partition_mapping=dg.AllPartitionMapping())],
                automation_condition=but_for(automation_condition, MODELS),
            )
        ],
        check_specs=checks,
        partitions_def=partitions_def,
        backfill_policy=one_run_a_range,
        pool="embedding",
    )
    def scores(
        context: dg.AssetExecutionContext,
        warehouse: WarehouseResource,
        perception: PerceptionResource,
        embedding: EmbeddingResource,
    ) -> Iterator[Any]:
        from painpoint_platform.perception import views
        from painpoint_platform.perception.scoring.scored_tables import TABLES, score_partition

        table = TABLES[table_name(key)]
        embedder = embedding.embedder()
        models = perception.scoring_models(embedder)

        def one_partition(partition: str) -> Committed:
            changed = score_partition(warehouse, table, partition, models=models, embedder=embedder)
            return Committed({key: view_metadata(views.scores(warehouse, table, partition), changed)})

        yield from materialize_each(context, one_partition, checks=checks)

    return scores


item_perception = scores_of(
    name="score_items",
    key=ITEM_PERCEPTION,
    description="Valence, arousal and willingness of every collected item, with 90 % intervals and the model's name. "
    "Until models are trained, default ones score, which know made-up texts only.",
    texts=dg.AssetDep(RAW_ITEMS, partition_mapping=by_day),
    partitions_def=daily_partitions,
    automation_condition=when_all_sources_are_in,
    checks=score_checks(ITEM_PERCEPTION, ["url_hash"], "An item"),
)
course_perception = scores_of(
    name="score_painpoints",
    key=COURSE_PERCEPTION,
    description="Valence, arousal and willingness of every pain point of a course, in the student's own words.",
    texts=dg.AssetDep(silver("course_painpoints")),
    partitions_def=course_corpora,
    automation_condition=after_new_rows,
    checks=score_checks(COURSE_PERCEPTION, ["course_code", "post_id"], "A pain point"),
)
call_perception = scores_of(
    name="score_questions",
    key=CALL_PERCEPTION,
    description="Valence, arousal and willingness of what an analyst asked in each exchange of a call.",
    texts=dg.AssetDep(gold("qa_groups")),
    partitions_def=transcripts,
    automation_condition=after_new_rows,
    checks=score_checks(CALL_PERCEPTION, ["qa_group_id"], "An exchange"),
)


ASSETS = [
    perception_corpus,
    perception_splits,
    perception_features,
    perception_models,
    perception_export,
    item_perception,
    course_perception,
    call_perception,
]
