import pytest

from painpoint_platform.warehouse.preview import markdown_table


def test_rows_become_a_table():
    assert (
        markdown_table(["a", "b"], [(1, 0.123456), (None, "x")]) == "| a | b |\n| --- | --- |\n| 1 | 0.1235 |\n|  | x |"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b\nc", "a \\| b c"),
        ("![pixel](https://x/y.png)", "!\\[pixel](https://x/y.png)"),
        ("<img src=x>", "\\<img src=x>"),
        ("`code` *bold*", "\\`code\\` \\*bold\\*"),
        ("y" * 100, "y" * 79 + "…"),
    ],
)
def test_collected_text_stays_text(text, shown):
    assert markdown_table(["a"], [(text,)]).endswith(f"| {shown} |")
