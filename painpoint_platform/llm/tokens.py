"""An upper bound of tokens without a provider's tokenizer, which would have to be fetched.

Belongs here: the bound that the budget is guarded with. Does not belong here: what was really used; servers say that.
"""

import json
import math
import re

from painpoint_platform.llm.chat import ChatRequest

# Byte-pair tokenizers cut English and JSON into fewer pieces than the packaged WordPiece, except for what the latter
# does not know: a word over 100 characters and most other scripts become a single unknown piece there. Long words are
# therefore cut up, every byte beyond ASCII is counted as a token, and the rest carries a margin.
MARGIN = 1.3
FRAMING_TOKENS = 16
LONG_WORD = re.compile(r"(\S{40})(?=\S)")


def prompt_token_bound(request: ChatRequest) -> int:
    """At most how many tokens a request is, schema and message framing included."""
    from painpoint_platform.text.embeddings import count_tokens

    texts = [request.system, json.dumps(request.reply_format.schema), *(m.content for m in request.messages)]
    counts = count_tokens([LONG_WORD.sub(r"\1 ", text) for text in texts])
    beyond_ascii = sum(len(text.encode("utf-8", "replace")) - sum(map(str.isascii, text)) for text in texts)
    return math.ceil(MARGIN * sum(counts)) + beyond_ascii + FRAMING_TOKENS * len(texts)
