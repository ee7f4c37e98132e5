"""Review pages show every block of a call around its exchanges, the doubtful first, and hurt nobody."""

from dataclasses import replace
from pathlib import Path

import pytest
from selectolax.lexbor import LexborNode

from painpoint_platform.transcripts.confidence import LOW_CONFIDENCE
from painpoint_platform.transcripts.groups import BlockDecision, DecisionProblem, QaGroup
from painpoint_platform.transcripts.records import Block
from painpoint_platform.transcripts.review import (
    HUES,
    LOOKS_AT_FIRST,
    TEMPLATES,
    ReviewEntry,
    block_roles,
    render_review,
    render_review_index,
    review_entry,
)
from painpoint_platform.transcripts.states import Status
from painpoint_platform_tests.pages.colours import contrast, scheme_colours
from painpoint_platform_tests.pages.html import (
    ATTACK,
    assert_links_arrive,
    assert_self_contained,
    driven_in_chromium,
    opened_in_chromium,
    text_of,
)

ANN, BEN = "Ann Lee, Big Bank - Analyst", "Ben Ode, Small Bank - Analyst"
CEO = "Cleo Day, Acme - CEO"


class Call:
    """A call that is put together block by block."""

    def __init__(self, said: str = "") -> None:
        self.said = said
        self.blocks: list[Block] = []
        self.decisions: list[BlockDecision] = []
        self.groups: list[QaGroup] = []
        self.problems: list[DecisionProblem] = []

    def block(self, speaker: str, status: Status = "standalone", group: int | None = None) -> "Call":
        number = len(self.blocks) + 1
        spoken = (f"block {number} speaks{self.said}", "and goes on" + self.said)
        operator = speaker == "Operator"
        self.blocks.append(Block(number, number - 1, speaker, spoken, (None, None), 5))
        self.decisions.append(
            BlockDecision(
                speaker_block_id=number,
                index=number - 1,
                speaker=speaker,
                status=status,
                qa_group_id=group,
                confidence=1.0 if operator else 0.96,
                decided_by="operator" if operator else "rule",
                margin=1.0 if operator else 0.92,
                reasons=("asks in this call +4.0" + self.said,),
                reasoning="a new caller" + self.said,
            )
        )
        return self

    def exchange(
        self, number: int, analyst: str, firm: str | None, confidence: float = 0.95, answer: str = "x"
    ) -> "Call":
        members = [decision for decision in self.decisions if decision.qa_group_id == number]
        self.groups.append(
            QaGroup(
                qa_group_id=number,
                first_block_id=members[0].speaker_block_id,
                last_block_id=members[-1].speaker_block_id,
                block_ids=tuple(member.speaker_block_id for member in members),
                asking_ids=tuple(member.speaker_block_id for member in members if "Analyst" in member.speaker),
                analyst=analyst + self.said,
                firm=firm,
                executives=("Cleo Day",) if answer else (),
                question_text="what of margins?" + self.said,
                answer_text=answer,
                confidence=confidence,
                method="rule_detection",
            )
        )
        return self

    def page(self, transcript: str = "2020-Q1-ACME") -> str:
        return render_review(
            transcript, blocks=self.blocks, decisions=self.decisions, groups=self.groups, problems=self.problems
        )

    def entry(self) -> ReviewEntry:
        return review_entry(
            "2020-Q1-ACME", "page.html",
            blocks=self.blocks, decisions=self.decisions, groups=self.groups, problems=self.problems,
        )  # fmt: skip


def small_call(said: str = "") -> Call:
    """Two exchanges; the operator interrupts the first, and an unsure second one is followed by a stray remark."""
    call = Call(said)
    call.block("Operator")
    call.block(ANN, "group_start", 1).block("Operator").block(CEO, "group_continue", 1).block(ANN, "group_end", 1)
    call.block("Operator")
    call.block(BEN, "group_start", 2).block(CEO, "group_end", 2)
    call.block(CEO).block("Operator")
    return call.exchange(1, "Ann Lee", "Big Bank").exchange(2, "Ben Ode", None, confidence=0.41)


def test_every_block_is_shown_once_in_the_calls_order() -> None:
    call = small_call()
    tree = assert_self_contained(call.page())
    assert_links_arrive(tree)
    assert [node.attributes["id"] for node in tree.css(".turn")] == [f"block-{number}" for number in range(1, 11)]
    for block, node in zip(call.blocks, tree.css(".turn"), strict=True):
        assert [paragraph.text() for paragraph in node.css(".turn > p")] == list(block.paragraphs)


def test_an_exchange_holds_its_blocks_and_an_interruption_but_no_operator_outside_of_its_range() -> None:
    tree = assert_self_contained(small_call().page())
    assert shown_in(tree.css_first("#exchange-1")) == ["block-2", "block-3", "block-4", "block-5"]
    assert shown_in(tree.css_first("#exchange-2")) == ["block-7", "block-8"]
    assert [shown_in(node) for node in tree.css(".between")] == [["block-1"], ["block-6"], ["block-9", "block-10"]]
    assert text_of(tree, "#exchange-1 h3") == "1 Exchange of Ann Lee Big Bank"
    assert text_of(tree, "#exchange-1 > header p") == "answered by Cleo Day; confidence 0.95 rule_detection"


def test_a_block_says_who_speaks_in_which_role_and_how_it_was_decided() -> None:
    tree = assert_self_contained(small_call().page())
    assert text_of(tree, "#block-2 h4") == "Ann Lee Big Bank - Analyst"
    assert text_of(tree, "#block-2 .tag") == "analyst"
    assert text_of(tree, "#block-2 summary") == "Block 2: starts, 0.96, rule"
    said = text_of(tree, "#block-2 .why div")
    assert "Margin of the rules: 0.92" in said
    assert "asks in this call +4.0" in said
    assert "a new caller" in said
    assert text_of(tree, "#block-3 .tag") == "operator"


def test_roles_outside_of_exchanges_are_those_that_the_same_names_have_inside() -> None:
    call = small_call().block("Dan Fox, Bystander")
    roles = block_roles(call.decisions, call.groups)
    assert roles[2] == roles[5] == roles[7] == "analyst"
    assert roles[4] == roles[9] == "executive"
    assert roles[1] == roles[3] == "operator"
    assert roles[11] == "unknown"


def test_speakers_without_a_name_are_counted_as_nobody_and_have_the_role_of_their_block() -> None:
    call = Call().block("Operator").block("", "group_start", 1).block("", "group_end", 1).block("")
    call.exchange(1, "", None)
    call.groups[0] = replace(call.groups[0], asking_ids=(2,), executives=())
    assert list(block_roles(call.decisions, call.groups).values()) == ["operator", "analyst", "executive", "unknown"]
    assert call.entry().analysts == 0
    said = text_of(assert_self_contained(call.page()), ".opening p")
    assert "1 exchange of analysts without a name with executives without a name, in 4 blocks." in said


def test_what_is_in_no_exchange_is_listed_by_its_first_block_that_is_not_the_operators() -> None:
    tree = assert_self_contained(small_call().block(BEN).page())
    (place,) = [node for node in tree.css("#look li") if "in no exchange" in node.text()]
    assert "Block 9" in place.text()
    call = Call().block("Operator").block(CEO)
    assert "Block 2" in text_of(assert_self_contained(call.page()), "#look li a")
    assert "block 2 speaks" in text_of(assert_self_contained(call.page()), "#look li p")


def test_what_is_unsure_comes_first_with_the_reason() -> None:
    call = small_call()
    call.problems.append(DecisionProblem("boundary", 4, "no reply within 60 s"))
    tree = assert_self_contained(call.page())
    looks = [(node.css_first("a").attributes["href"], text_of(node, "li > .quiet")) for node in tree.css(".look li")]
    assert looks == [
        ("#exchange-2", "confidence 0.41"),
        ("#exchange-1", "the model was asked in vain about 1 block"),
        ("#between-9", "1 block in no exchange"),
    ]
    assert "no reply within 60 s" in text_of(tree, "#block-4 .why")
    assert text_of(tree, "#block-9 .tag.alert") == "in no exchange"
    assert call.entry() == ReviewEntry("2020-Q1-ACME", "page.html", 2, 2, 10, 3, 0.41)


@pytest.mark.parametrize(("confidence", "is_doubtful"), [(LOW_CONFIDENCE, False), (LOW_CONFIDENCE - 0.01, True)])
def test_exchanges_below_the_threshold_are_to_be_reviewed(confidence: float, is_doubtful: bool) -> None:
    call = Call().block(ANN, "group_start", 1).block(CEO, "group_end", 1).exchange(1, "Ann Lee", None, confidence)
    assert (call.entry().worth_a_look == 1) is is_doubtful
    assert bool(assert_self_contained(call.page()).css("#look")) is is_doubtful


def test_an_unanswered_question_is_worth_a_look_however_sure() -> None:
    call = Call().block(ANN, "group_start", 1).exchange(1, "Ann Lee", None, 0.99, answer="")
    assert "nothing was answered" in text_of(assert_self_contained(call.page()), ".look")


def test_no_confidence_is_rounded_up_to_certainty() -> None:
    call = small_call()
    call.groups = [replace(group, confidence=0.9996) for group in call.groups]
    assert text_of(assert_self_contained(call.page()), "#exchange-1 .sure") == "0.99"


def test_a_call_without_exchanges_or_blocks_has_a_page() -> None:
    nothing = assert_self_contained(Call().page())
    assert "no question-and-answer section" in text_of(nothing, ".read")
    alone = Call().block(CEO)
    assert_links_arrive(assert_self_contained(alone.page()))
    assert alone.entry().lowest_confidence is None


def test_blocks_and_decisions_of_different_calls_are_refused() -> None:
    call = small_call()
    with pytest.raises(ValueError, match="block 2 stands beside a decision on 1"):
        render_review("x", blocks=call.blocks[1:], decisions=call.decisions[:-1], groups=call.groups)


def test_hostile_text_in_every_field_stays_text(tmp_path: Path) -> None:
    call = small_call(ATTACK)
    for place, block in enumerate(call.blocks):
        call.blocks[place] = replace(block, speaker=block.speaker + ATTACK)
    call.problems.append(DecisionProblem("boundary", 4, ATTACK))
    html = call.page(ATTACK)
    assert_links_arrive(assert_self_contained(html))
    tree = opened_in_chromium(html, tmp_path)
    assert tree.css_first("#block-2 > p").text() == "block 2 speaks" + ATTACK
    assert tree.css_first("h1").text() == ATTACK
    assert "hidden" not in tree.css_first("#steps").attributes


def test_keys_lead_through_the_call(tmp_path: Path) -> None:
    call = small_call().block(ANN, "group_start", 3).block(CEO, "group_end", 3).exchange(3, "Ann Lee", "Big Bank")
    script = """
        const been = [];
        for (const key of "jjjjkknnnp") {
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          been.push(document.activeElement.id);
        }
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "?", bubbles: true }));
        document.body.dataset.been = been.join(" ");
    """
    tree = driven_in_chromium(call.page(), tmp_path, script)
    been = (tree.css_first("body").attributes["data-been"] or "").split()
    assert been[:6] == ["title-1", "title-2", "title-3", "title-3", "title-2", "title-1"]
    # Worth a look are the unsure second exchange and the remark after it; there is nothing beyond the last one.
    assert been[6:] == ["title-2", "between-9", "between-9", "title-2"]
    assert "open" in tree.css_first("#help").attributes


def test_a_long_call_is_small_enough_and_shows_only_the_first_of_many_doubts() -> None:
    call = Call()
    for number in range(1, 401):
        call.block("Operator").block(ANN, "group_start", number)
        call.block(CEO, "group_continue", number).block(ANN, "group_continue", number).block(CEO, "group_end", number)
        call.exchange(number, "Ann Lee", "Big Bank", 0.5)
    html = call.page()
    tree = assert_self_contained(html)
    assert len(tree.css(".turn")) == 2_000
    assert len(tree.css("#look > .look > li")) == LOOKS_AT_FIRST
    assert len(tree.css("#look li")) == 400
    assert len(html) < 2_000_000


def test_the_list_of_calls_begins_with_those_to_review(tmp_path: Path) -> None:
    entries = [
        ReviewEntry("quiet & calm", "quiet.html", 3, 3, 20, 0, 0.93),
        ReviewEntry("doubtful" + ATTACK, "a b&c.html", 4, 3, 30, 2, 0.4),
        ReviewEntry("empty", "empty.html", 0, 0, 0, 0, None),
    ]
    tree = assert_self_contained(render_review_index(entries))
    rows = [[" ".join(cell.text().split()) for cell in row.css("th, td")] for row in tree.css("tbody tr")]
    assert [row[1:] for row in rows] == [
        ["2", "0.40", "4", "3", "30"],
        ["0", "–", "0", "0", "0"],
        ["0", "0.93", "3", "3", "20"],
    ]
    assert [link.attributes["href"] for link in tree.css("tbody a")] == ["a%20b%26c.html", "empty.html", "quiet.html"]
    assert "3 calls with 7 exchanges; 2 places are worth a look, in 1 call." in text_of(tree, ".opening")
    assert_self_contained(render_review_index([]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_on_the_colours_of_exchanges_can_be_read(scheme: str) -> None:
    colours = scheme_colours(TEMPLATES / "review.css")[scheme]
    for hue in range(HUES):
        assert contrast(colours[f"hue-{hue}"], colours["hue-ink"]) >= 4.5


def shown_in(node: LexborNode) -> list[str | None]:
    return [turn.attributes["id"] for turn in node.css(".turn")]
