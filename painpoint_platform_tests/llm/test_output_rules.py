"""Links, addresses and copied runs in what a model wrote."""

import pytest

from painpoint_platform.llm.output_rules import copied_run, forbidden_content

POST = "After the last update the nightly export job silently drops every second row of the report"
OTHER = "Export job loses rows since Tuesday"


@pytest.mark.parametrize(
    "text",
    [
        "See https://evil.example/now",
        "visit www.evil.example today",
        "[click](/here)",
        "more at evil-site.io/buy",
        "Mail me: someone@example.org",
        "two\nlines",
        POST,
        "As one says: NIGHTLY export job, silently drops every second row - of the report!",
    ],
)
def test_forbidden_content_is_named(text):
    assert len(forbidden_content("canonical_title", text, [POST, OTHER])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Export jobs lose rows after an update",
        "React.Children.map and node.js are not links",
        "tf.io reads the wrong bytes",
        "Users @mention each other in vain",
        "the nightly export job silently drops every second",  # seven words and an article: no quotation yet
    ],
)
def test_ordinary_wording_is_allowed(text):
    assert forbidden_content("title", text.removeprefix("the "), [POST, OTHER]) == []


def test_wording_that_several_posts_share_may_be_used():
    assert copied_run(POST, [POST]) is not None
    assert copied_run(POST, [POST, f"Same here: {POST}"]) is None


def test_a_text_without_spaces_can_be_copied_too():
    post = "更新之后每天晚上的导出任务会悄悄丢掉报告里的每隔一行数据而且没有任何错误提示信息出现在日志文件里面"
    assert copied_run(post, [post]) is not None
