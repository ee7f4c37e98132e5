"""What people write, as an impersonal statement."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from painpoint_platform.llm.embedded.posts import read_posts
from painpoint_platform.llm.embedded.rewriting import rewrite


@pytest.mark.parametrize(
    ("written", "statement", "form"),
    [
        ("My card has not arrived yet.", "Card has not arrived yet", "statement"),
        ("Why is my top up still pending?", "Top up is still pending", "statement"),
        ("Why isn't the transfer on my account showing up?", "Transfer on the account is not showing up", "statement"),
        ("Why did my transfer fail?", "Transfer failed", "statement"),
        ("Can you tell me why my transfer failed?", "Transfer failed", "statement"),
        (
            "I still have not received my new card, I ordered over a week ago.",
            "New card has not been received",
            "statement",
        ),
        ("I can't sign a transaction", "Cannot sign a transaction", "cannot"),
        ("Unable to build tensorflow from source", "Cannot build tensorflow from source", "cannot"),
        ("How do I change my PIN?", "Unclear how to change the PIN", "unclear"),
        ("How many disposable cards can I have?", "Unclear how many disposable cards users can have", "unclear"),
        ("What cards and currencies do you support?", "Unclear what cards and currencies are supported", "unclear"),
        ("What do you do with my data?", "Unclear what is done with the data", "unclear"),
        ("Which cards do you ship?", "Unclear which cards are shipped", "unclear"),
        ("How often do you read the meter?", "Unclear how often you read the meter", "unclear"),
        ("Why did my card break?", "Card broke", "statement"),
        ("What is the limit to top-up?", "Unclear what the limit to top-up is", "unclear"),
        ("Is there a fee for a transfer?", "Unclear whether there is a fee for a transfer", "unclear"),
        ("When will the card arrive?", "Unclear when the card will arrive", "unclear"),
        ('Element "1307" not found', "Element not found", "topic"),
        ("Crash on Windows since version 4.8.1", "Crash on Windows", "topic"),
        ("I was charged twice", "Charged twice", "topic"),
        ("useEffect runs twice", "useEffect runs twice", "statement"),
        ("Add support for Tor v3", "Add support for Tor v3", "wish"),
        ("Hi everyone, for some reason my contactless won't work", "Contactless will not work", "statement"),
        ("However, your list doesn't have onion addresses", "List does not have onion addresses", "statement"),
        ("If I want to top up, can I use Apple Pay?", "If users want to top up, can users use Apple Pay", "topic"),
        ("Der Export bricht jede Nacht ab", "Der Export bricht jede Nacht ab", "topic"),
    ],
)
def test_a_sentence_becomes_a_statement(written, statement, form):
    made = rewrite(written)
    assert (made.text, made.form) == (statement, form)


@pytest.mark.parametrize("written", ["", "?", "please help", "Thanks in advance!", "x" * 500, "broken (bracket"])
def test_what_says_nothing_becomes_nothing(written):
    assert rewrite(written) is None


@given(
    st.text(max_size=200) | st.from_regex(r"(?:why|how|i|what|is|do|you|my|not|[a-z]{1,6}| ){1,30}\??", fullmatch=True)
)
@settings(max_examples=300)
def test_any_sentence_is_survived(written):
    made = rewrite(written)
    assert made is None or made.text.strip() == made.text != ""


def test_an_abbreviation_ends_no_sentence():
    (post,) = read_posts([{"title": "Charged on Feb. 5 and on Mar. 7, e.g. twice. Why?", "snippet": ""}])
    assert post.title == ("Charged on Feb. 5 and on Mar. 7, e.g. twice.", "Why?")
