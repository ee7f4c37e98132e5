"""How near a text is to each of six emotions, by the cosine to sentences that plainly express it.

Belongs here: the anchor sentences and the similarity to them. Does not belong here: embedding texts
(``painpoint_platform.text.embeddings``), counting emotion words (``lexical_features``).
"""

import threading
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from painpoint_platform.text.embeddings import Embedder

# In both registers that the platform reads: how a day went, and what a product did. The project's own sentences.
ANCHOR_SENTENCES: dict[str, tuple[str, ...]] = {
    "joy": (
        "I am so happy today, everything is wonderful.",
        "This made me smile and laugh out loud.",
        "We had a lovely time together and I feel grateful.",
        "I love this, it works beautifully and makes my life better.",
        "What delightful news, I am thrilled for you.",
        "I feel cheerful, proud and full of love.",
    ),
    "sadness": (
        "I feel sad and lonely, and I cannot stop crying.",
        "She is grieving because someone she loved has died.",
        "I am depressed, empty and without hope.",
        "It broke my heart, I miss them so much.",
        "I am deeply disappointed, all that work was for nothing.",
        "Nobody cares about me and I feel worthless.",
    ),
    "anger": (
        "I am furious about how they treated me.",
        "This is outrageous and completely unacceptable.",
        "I hate this, it makes my blood boil.",
        "I am sick and tired of this broken garbage, fix it.",
        "How dare you lie to me like that.",
        "He yelled at them in rage and slammed the door.",
    ),
    "fear": (
        "I am terrified that something awful will happen.",
        "I feel anxious and worried and cannot sleep.",
        "My heart was pounding, I was so scared.",
        "She had a panic attack because of the danger.",
        "I am nervous and afraid of what comes next.",
        "We are afraid of losing all our data and do not know what to do.",
    ),
    "calm": (
        "I feel calm, relaxed and at peace.",
        "It was a quiet evening and nothing happened.",
        "I am resting comfortably at home with a cup of tea.",
        "The lake lay still under a grey morning sky.",
        "I took a slow, deep breath and let it all go.",
        "The report lists the figures in a table.",
    ),
    "excited": (
        "I am so excited, I can hardly wait!",
        "Wow, this is incredible, we won!",
        "My adrenaline is pumping and I am full of energy.",
        "The crowd jumped up and screamed with excitement.",
        "This is urgent, it must happen right now!",
        "What an amazing thrill, let us do it again!",
    ),
}
ANCHOR_NAMES = tuple(f"anchor_{emotion}" for emotion in ANCHOR_SENTENCES)

_embedding = threading.Lock()
_embedded: dict[str, NDArray[np.float32]] = {}


def anchor_similarities(vectors: NDArray[np.float32], embedder: Embedder) -> NDArray[np.float32]:
    """Return the mean cosine of each vector to the sentences of each emotion, shape (n, 6), columns ``ANCHOR_NAMES``.

    Args:
        vectors: unit rows of this embedder, shape (n, 384).
        embedder: embeds the anchor sentences, once a process for each version.
    """
    return vectors @ _anchors(embedder).T


def _anchors(embedder: Embedder) -> NDArray[np.float32]:
    """Return the mean of the vectors of each emotion's sentences, shape (6, 384): a dot with it is the mean cosine."""
    with _embedding:
        if embedder.version not in _embedded:
            sentences = [sentence for group in ANCHOR_SENTENCES.values() for sentence in group]
            starts = np.cumsum([0, *map(len, ANCHOR_SENTENCES.values())])
            vectors = embedder.embed(sentences)
            _embedded[embedder.version] = np.stack([vectors[start:end].mean(axis=0) for start, end in pairwise(starts)])
        return _embedded[embedder.version]
