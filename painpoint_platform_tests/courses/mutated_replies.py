"""Replies to ``course_clusters`` as models really give them: right, nearly right, and anything but.

Belongs here: courses to ask about, the right answer, and ways to spoil it. Does not belong here: what is to be made of
them.
"""

import json
import random
from collections.abc import Callable
from typing import Any

Json = Any
LOOKALIKES = str.maketrans({"a": "а", "e": "е", "o": "о", "1": "１", "0": "O", "-": "‐"})
WRONG_VALUES: list[Json] = [
    None,
    True,
    0,
    -1,
    3.5,
    1e400,
    "",
    " ",
    "\ud800",
    "\x00",
    [],
    {},
    [[]],
    "D1_1",
    ["x"],
    {"a": 1},
]
PROSE = ["Sure! Here is the grouping:\n", "```json\n", "<think>{hm}</think>", "\ufeff", "null\n", "Note {not json} "]


def payload(rng: random.Random) -> dict[str, Json]:
    """A course with up to eight pain points; ids of all kinds, numbers and such as look alike among them."""
    kinds: list[Callable[[int], str]] = [
        lambda n: f"1k{n}eaph",
        lambda n: str(10**6 + n),
        lambda n: f"pöst {n}",
        lambda n: f"t3_{n}-a",
        lambda n: "a" * (n + 1),
        lambda n: f"{n:03d}",
    ]
    ids = [rng.choice(kinds)(number) for number in range(rng.randint(1, 8))]
    painpoints = [
        {"post_id": post_id, "root_cause_summary": f"cause {post_id}", "pain_point_snippet": f"I hate {post_id}"}
        for post_id in dict.fromkeys(ids)
    ]
    return {"course_code": rng.choice(["D1", "C949", "A_1", "É 2"]), "course_title": "T", "painpoints": painpoints}


def right_reply(asked: dict[str, Json], rng: random.Random) -> dict[str, Json]:
    """A valid answer; one post in five stands in two clusters."""
    ids, code = [post["post_id"] for post in asked["painpoints"]], asked["course_code"]
    number = rng.randint(1, len(ids))
    members: list[list[str]] = [[] for _ in range(number)]
    for post_id in ids:
        for place in rng.sample(range(number), 2 if number > 1 and rng.random() < 0.2 else 1):
            members[place].append(post_id)
    clusters = [
        {"cluster_id": f"{code}_{at}", "issue_summary": f"issue {at}", "num_posts": len(posts), "post_ids": posts}
        for at, posts in enumerate(filter(None, members), 1)
    ]
    course = {"course_code": code, "course_title": "T", "total_posts": len(ids), "clusters": clusters}
    return {"courses": [course]}


def mutated_text(asked: dict[str, Json], rng: random.Random) -> str | None:
    """A reply with no to four things wrong."""
    reply = right_reply(asked, rng)
    for _ in range(rng.randint(0, 3)):
        rng.choice(OBJECT_MUTATIONS)(reply, rng)
    text = json.dumps(reply, ensure_ascii=rng.random() < 0.5)
    return rng.choice(TEXT_MUTATIONS)(text, rng) if rng.random() < 0.3 else text


def _clusters(reply: Json) -> list[Json]:
    courses = reply.get("courses")
    found = (
        [course.get("clusters") for course in courses if isinstance(course, dict)] if isinstance(courses, list) else []
    )
    return [
        cluster
        for of_course in found
        if isinstance(of_course, list)
        for cluster in of_course
        if isinstance(cluster, dict)
    ]


def _on_cluster(change: Callable[[Json, random.Random], None]) -> Callable[[Json, random.Random], None]:
    def mutate(reply: Json, rng: random.Random) -> None:
        if clusters := _clusters(reply):
            change(rng.choice(clusters), rng)

    return mutate


def _on_ids(change: Callable[[list[Json], random.Random], None]) -> Callable[[Json, random.Random], None]:
    def mutate(cluster: Json, rng: random.Random) -> None:
        if isinstance(cluster.get("post_ids"), list) and cluster["post_ids"]:
            change(cluster["post_ids"], rng)

    return _on_cluster(mutate)


def _set(key: str, values: list[Json]) -> Callable[[Json, random.Random], None]:
    return _on_cluster(lambda cluster, rng: cluster.update({key: rng.choice(values)}))


def _swap(ids: list[Json], change: Callable[[str], Json], rng: random.Random) -> None:
    place = rng.randrange(len(ids))
    ids[place] = change(str(ids[place]))


def _anywhere(reply: Json, rng: random.Random) -> None:
    """Put a wrong value somewhere into the tree, or take a key away."""
    node = reply
    while True:
        places = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
        if not places:
            return
        place = rng.choice(places)
        if rng.random() < 0.4 or not isinstance(node[place], dict | list):
            if isinstance(node, dict) and rng.random() < 0.5:
                del node[place]
            else:
                node[place] = rng.choice(WRONG_VALUES)
            return
        node = node[place]


def _foreign_course(reply: Json, rng: random.Random) -> None:
    cluster = {"cluster_id": "Z9_1", "issue_summary": "not ours", "num_posts": 1, "post_ids": ["zzz", "1k0eaph"]}
    course = {"course_code": "Z9", "course_title": "Other", "total_posts": 2, "clusters": [cluster]}
    if isinstance(reply.get("courses"), list):
        reply["courses"].insert(rng.randint(0, len(reply["courses"])), course)


def _split_course(reply: Json, rng: random.Random) -> None:
    """The same course twice, its clusters dealt out."""
    courses = reply.get("courses")
    if isinstance(courses, list) and courses and isinstance(courses[0], dict) and courses[0].get("clusters"):
        clusters = courses[0]["clusters"]
        if isinstance(clusters, list):
            courses.append({**courses[0], "clusters": clusters[1:]})
            courses[0]["clusters"] = clusters[:1]


def _renamed_course(reply: Json, rng: random.Random) -> None:
    if isinstance(reply.get("courses"), list) and reply["courses"] and isinstance(reply["courses"][0], dict):
        reply["courses"][0]["course_code"] = rng.choice(["d1", " C949 ", "Z9", "", None, 7])


def _only_clusters(reply: Json, rng: random.Random) -> None:
    clusters = _clusters(reply)
    reply.clear()
    reply["clusters"] = clusters


OBJECT_MUTATIONS: list[Callable[[Json, random.Random], None]] = [
    _on_ids(lambda ids, rng: ids.pop(rng.randrange(len(ids)))),
    _on_ids(lambda ids, rng: ids.append(rng.choice(ids))),
    _on_ids(lambda ids, rng: ids.append(rng.choice(["unknown", "1k0eap", "", "p1", 17]))),
    _on_ids(lambda ids, rng: _swap(ids, lambda text: text.translate(LOOKALIKES), rng)),
    _on_ids(lambda ids, rng: _swap(ids, lambda text: f"{text}\u200b", rng)),
    _on_ids(lambda ids, rng: _swap(ids, lambda text: f" {text}\n", rng)),
    _on_ids(lambda ids, rng: _swap(ids, lambda text: int(text) if text.isascii() and text.isdigit() else text, rng)),
    _on_ids(lambda ids, rng: _swap(ids, lambda text: text.upper(), rng)),
    _on_ids(lambda ids, rng: _swap(ids, lambda text: [text], rng)),
    _on_ids(lambda ids, rng: ids.clear()),
    _on_cluster(lambda cluster, rng: cluster.pop(rng.choice(list(cluster)), None) if cluster else None),
    _on_cluster(lambda cluster, rng: cluster.update(extra={"why": ["not"]})),
    _set("cluster_id", ["D1_1", "C949_1", "D1", "D1_x", "D1_01", "", None, 5, "Z9_1", "D1_99999999999", "D1_²"]),
    _set("issue_summary", ["", " ", "\u0000", "line one\nline two", 12, None, "\ud83d", "x" * 5000]),
    _set("num_posts", ["1", None, -5, 10**30, [1]]),
    _set("post_ids", ["1k0eaph", None, {}, [None], [[]]]),
    _anywhere,
    _foreign_course,
    _split_course,
    _renamed_course,
    _only_clusters,
]
TEXT_MUTATIONS: list[Callable[[str, random.Random], str | None]] = [
    lambda text, rng: text[: rng.randrange(len(text) + 1)],
    lambda text, rng: rng.choice(PROSE) + text,
    lambda text, rng: f"{text}\n```\nI hope this helps! {{x}}",
    lambda text, rng: text + text,
    lambda text, rng: text.replace('"', "'"),
    lambda text, rng: text.replace(":", ": NaN,", 1),
    lambda text, rng: f"[{text}]",
    lambda text, rng: "".join(rng.sample(text, len(text))),
    lambda text, rng: "<html>502 Bad Gateway</html>",
    lambda text, rng: "[" * 100_000,
    lambda text, rng: None,
]
