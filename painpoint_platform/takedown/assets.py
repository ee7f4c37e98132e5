"""The asset that asks sources whether published evidence is still there, and forgets what is not.

Belongs here: its key, what the UI shows of it. Does not belong here: asking and forgetting (``recheck``), when
(``automation``).
"""

from functools import partial

import dagster as dg

from painpoint_platform.layers import ops, table_spec, view_metadata
from painpoint_platform.resources.collectors import CollectorsResource
from painpoint_platform.resources.warehouse import WarehouseResource
from painpoint_platform.settings import load_settings

EVIDENCE_CHECKS = ops("evidence_checks")


@dg.multi_asset(
    name="recheck_evidence",
    specs=[
        table_spec(
            EVIDENCE_CHECKS,
            group="operations",
            description="Asks Reddit whether published posts are still there, those first that were looked up longest "
            "ago, at most RECHECK_BUDGET_PER_DAY; what was deleted there is forgotten here, with a proof.",
            kinds={"python"},
            starts="The sensor published_evidence, once a day, where Reddit is read.",
        )
    ],
    pool="reddit_api",
)
def evidence_checks(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, collectors: CollectorsResource
) -> dg.MaterializeResult[None]:
    """Re-check published evidence on a budget."""
    from painpoint_platform.sql_models.model import load_models
    from painpoint_platform.takedown.forgetting import forget
    from painpoint_platform.takedown.installation import places_of, publisher
    from painpoint_platform.takedown.recheck import REASON, recheck_evidence
    from painpoint_platform.views import Fact, View, first_rows
    from painpoint_platform.warehouse.queries import fetch

    settings = load_settings()
    with publisher(settings) as publish:
        done = recheck_evidence(
            warehouse,
            ask={"reddit": partial(collectors.existence, "reddit")},
            budget=settings.recheck_budget_per_day,
            take_down=partial(
                forget, places=places_of(settings), publish=publish, reason=REASON, models=load_models(),
                variables={"publish_min_authors": settings.publish_min_authors},
            ),
        )  # fmt: skip
    for problem in done.problems:
        context.log.warning(problem)
    proven = "nothing to prove" if done.takedown is None else "proven" if done.takedown.proven else "not proven"
    with warehouse.read() as connection:
        answers = fetch(connection, "views/evidence_checks")
    facts: dict[str, Fact] = {"asked": done.asked, "gone": done.gone, "takedown": proven}
    return dg.MaterializeResult(metadata=view_metadata(View(answers.height, facts, *first_rows(answers))))


ASSETS = [evidence_checks]
