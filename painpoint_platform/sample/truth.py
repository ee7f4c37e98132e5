"""How well the clusters of a sample day match the problems that were planted in it.

Belongs here: comparing stored clusters with the corpus's ground truth. Does not belong here: scores on anyone's file
(``issues.cluster_file``).
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from painpoint_platform.sample.corpus import Corpus
from painpoint_platform.sample.earnings_calls import problems_asked_about
from painpoint_platform.text.urls import url_hash
from painpoint_platform.warehouse.connection import open_read
from painpoint_platform.warehouse.queries import fetch


def compare_with_truth(warehouse: Path, corpus: Corpus, days: Sequence[date]) -> dict[str, dict[str, Any]]:
    """Return for each day the counts of items, clusters and problems, with NMI, ARI and coverage.

    Posts without a planted problem are one class of the truth, items without a cluster one class of the clustering: a
    clustering that finds clusters in the noise, or drops problems as noise, pays for it. What analysts asked in a
    sample call of the day counts like a post.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    truth = {url_hash(item.url): item.problem_id or "" for item in corpus.items}
    asked = problems_asked_about()
    scores = {}
    with open_read(warehouse) as connection:
        for day in days:
            found = fetch(connection, "issues/assignments_of_day", day=day)
            collected = fetch(connection, "issues/items_of_calls", day=day)
            truth |= {key: asked.get(exchange, "") for key, exchange in collected.iter_rows()}
            planted = [truth.get(key, "") for key in found["url_hash"]]
            labels = found["cluster_id"].to_list()
            scores[str(day)] = {
                "items": found.height,
                "clusters": len(set(labels) - {-1}),
                "problems": len(set(planted) - {""}),
                "nmi": float(normalized_mutual_info_score(planted, labels)),
                "ari": float(adjusted_rand_score(planted, labels)),
                "coverage": 1 - labels.count(-1) / len(labels) if labels else 0.0,
            }
    return scores
