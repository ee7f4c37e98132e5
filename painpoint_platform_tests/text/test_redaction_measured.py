"""Redaction on a planted set of 32 names by 12 variants: nothing survives, and what looks alike stays."""

from collections import Counter

import pytest

from painpoint_platform.issues.labelling.issue_label import ISSUE_LABEL, LabelRequest, ask_for_labels
from painpoint_platform.issues.publishing.payload import redact_fields
from painpoint_platform.llm.client import ModelClient
from painpoint_platform.llm.endpoints import Endpoint, open_route
from painpoint_platform.llm.output_rules import forbidden_content
from painpoint_platform.llm.scrubbing import scrub
from painpoint_platform.text.redaction import redact
from painpoint_platform_tests.llm.model_server import ModelServer
from painpoint_platform_tests.text.planted import MAKERS, NEGATIVES, VARIANTS, innocent, measured, planted, survives

PLANTED = planted()
LABEL = {
    "canonical_title": "Sign-in fails after the update",
    "category": "devtools",
    "description": "Users cannot sign in.",
    "would_pay_signal": False,
    "impact_level": "medium",
}


def test_the_planted_set_is_as_large_as_promised():
    assert len(MAKERS) >= 20
    assert len(NEGATIVES) >= 20
    assert VARIANTS >= 10


@pytest.mark.parametrize("seed", [5, 23])
def test_recall_and_precision_are_whole_for_every_kind(seed):
    for kind in measured(planted(seed), innocent(seed)):
        assert (kind.recall, kind.precision) == (1.0, 1.0), kind


@pytest.mark.parametrize(("name", "text"), innocent()[::4])
def test_what_looks_like_a_secret_and_is_none_stays(name, text):
    assert redact(text) == (text, {}), name


def test_no_planted_secret_reaches_a_model_a_ledger_or_a_kept_answer(tmp_path):
    with ModelServer(answer=lambda seen: LABEL) as server:
        route = open_route(
            *(Endpoint("openai/x", role, server.base_url, "sk-none") for role in ("LOCAL", "REMOTE")), None
        )
        client = ModelClient(route, state_path=tmp_path / "llm.sqlite", run_id="run")
        groups = [PLANTED[start : start + 32] for start in range(0, len(PLANTED), 32)]
        requests = [
            LabelRequest(
                cluster_size=8, sources={"github": 8}, representatives=[(f"It fails {n}", each.text) for each in group]
            )
            for n, group in enumerate(groups)
        ]
        assert all(answer.reply for answer in ask_for_labels(client, requests))
        client.close()
        sent = "\n".join(message["content"] for seen in server.seen for message in seen.messages)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode("utf-8", "replace")
    assert ISSUE_LABEL.name in sent
    assert [each.name for each in PLANTED if survives(each.secret, sent) or survives(each.secret, kept)] == []


def test_no_planted_secret_reaches_the_live_issue_store_or_a_message():
    masked: Counter[str] = Counter()
    for each in PLANTED:
        fields = redact_fields({"title": each.text, "description": each.text, "snippet": each.text}, masked)
        assert not any(survives(each.secret, text) for text in fields.values()), each.name
        assert not survives(each.secret, scrub(each.text)), each.name
    assert set(masked) == {"secret", "credentials", "private_key", "email", "ip", "phone"}


def test_a_label_with_a_planted_secret_is_refused():
    telling = [each for each in PLANTED if each.kind != "ip" and "\n" not in each.secret]
    assert [each.name for each in telling if not forbidden_content("title", f"It fails: {each.text}", [])] == []
