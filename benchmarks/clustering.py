"""How well each reducer finds labelled classes, what a clustering costs, and HDBSCAN beside its peer.

Run ``python -m benchmarks.clustering [--data FOLDER] [--json]``. The default reducer is the one with the best mean over
all sets. NMI is counted in three ways, because each alone can be gamed: over all items with noise as one class;
HDBSCAN's core alone, everything else one class; and over the clustered items alone.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measured_texts import add_options, labelled_sets
from benchmarks.table import Row, machine, print_rows
from painpoint_platform.issues.clustering.clusters import DEFAULT_REDUCER, REDUCERS, cluster
from painpoint_platform.issues.clustering.density import density_clusters
from painpoint_platform.text.embeddings import load_embedder

JUDGED = "banking77 test"

IN_A_PROCESS = """
import sys, json, time, re
started = time.monotonic()
import numpy as np
from painpoint_platform.issues.clustering.clusters import cluster
vectors = np.load(sys.argv[1])
ids = [f"{number:06}" for number in range(len(vectors))]
cluster(vectors[:50], ids=ids[:50])
ready = time.monotonic()
cluster(vectors, ids=ids)
done = time.monotonic()
# Not ru_maxrss, which a child inherits from the process that started it.
memory = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 2**20
print(json.dumps({"whole": done - started, "work": done - ready, "memory": memory}))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        embedder = load_embedder(cache_dir=Path(folder))
        sets = labelled_sets(options.data)
        vectors = {name: embedder.embed(texts) for name, (texts, _) in sets.items()}
        quality = [row for name in sets for row in quality_rows(name, vectors[name], sets[name][1])]
        quality += mean_rows(quality)
        cost = cost_rows(np.vstack(list(vectors.values())), Path(folder))
    print_rows("Clustering: quality", quality, as_json=options.json, note=machine())
    print_rows("Clustering: time and memory", cost, as_json=options.json, note=machine())


def quality_rows(name: str, vectors: NDArray[np.float32], classes: Sequence[str]) -> list[Row]:
    """Return coverage and NMI in three ways for each reducer."""
    from sklearn.metrics import normalized_mutual_info_score as nmi

    ids = [f"{number:06}" for number in range(len(vectors))]
    truth = np.unique(classes, return_inverse=True)[1]
    rows = []
    for reducer in REDUCERS:
        found = cluster(vectors, ids=ids, reducer=reducer)
        clustered = found.labels >= 0
        asked = reducer == DEFAULT_REDUCER and name == JUDGED
        core = np.where(found.membership == "core", found.labels, -1)
        title = f"{name}, {reducer} ({len(found.size)} clusters of {len(set(classes) - {''})} classes)"
        rows += [
            Row(f"{title}: NMI", nmi(truth, found.labels), "", 0.81 if asked else None, "more"),
            Row(f"{title}: coverage", float(clustered.mean()), "", 0.85 if asked else None, "more"),
            Row(f"{title}: NMI, core alone", nmi(truth, core), ""),
            Row(f"{title}: NMI, clustered items alone", nmi(truth[clustered], found.labels[clustered]), ""),
        ]
    return rows


def mean_rows(quality: Sequence[Row]) -> list[Row]:
    """Return the mean over all sets of NMI, noise as one class, for each reducer."""
    rows = []
    for reducer in REDUCERS:
        found = [row.value for row in quality if f", {reducer} (" in row.what and row.what.endswith("): NMI")]
        rows.append(Row(f"mean of {len(found)} sets, {reducer}: NMI", float(np.mean(found)), ""))
    return rows


def cost_rows(vectors: NDArray[np.float32], folder: Path) -> list[Row]:
    """Return seconds and memory of clusterings in processes of their own, and HDBSCAN alone beside ``hdbscan``."""
    random = np.random.default_rng(0)
    rows = []
    for count, seconds, work, gigabytes in ((5_000, 6.0, 2.0, 1.0), (20_000, None, None, 4.0)):
        chosen = vectors[random.permutation(len(vectors))[: min(count, len(vectors))]]
        if len(chosen) < count:
            # More of the same kind: each further row is a real one, moved a little.
            more = chosen[random.integers(0, len(chosen), count - len(chosen))]
            moved = more + 0.03 * random.normal(size=more.shape).astype(np.float32)
            chosen = np.vstack([chosen, moved / np.linalg.norm(moved, axis=1, keepdims=True)])
        np.save(folder / "vectors.npy", chosen)
        command = [sys.executable, "-c", IN_A_PROCESS, str(folder / "vectors.npy")]
        found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        rows += [
            Row(f"{count:,} x 384, process and imports included", found["whole"], "s", seconds),
            Row(f"{count:,} x 384, work alone", found["work"], "s", work),
            Row(f"{count:,} x 384, memory", found["memory"], "GB", gigabytes),
        ]
        if count == 5_000:
            rows += peer_rows(chosen)
    return rows


def peer_rows(vectors: NDArray[np.float32]) -> list[Row]:
    """Return the seconds of HDBSCAN here and in the library, on the vectors as they are, and how many labels agree."""
    import hdbscan

    rows = []
    for size, samples in ((5, 5), (25, 12)):
        started = time.monotonic()
        ours = density_clusters(vectors, min_cluster_size=size, min_samples=samples)
        between = time.monotonic()
        theirs = hdbscan.HDBSCAN(min_cluster_size=size, min_samples=samples).fit(vectors)
        done = time.monotonic()
        title = f"HDBSCAN alone, 5,000 x 384, clusters of {size}"
        rows += [
            Row(f"{title}: here", between - started, "s"),
            Row(f"{title}: hdbscan.HDBSCAN()", done - between, "s"),
            Row(f"{title}: times faster", (done - between) / (between - started), "x", 5.0, "more"),
            Row(f"{title}: equal labels", float(np.mean(ours.labels == theirs.labels_)), "", 1.0, "more"),
        ]
    return rows


if __name__ == "__main__":
    main()
