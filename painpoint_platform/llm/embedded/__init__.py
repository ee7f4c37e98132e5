"""``embedded/v1``: the model that needs no key, no network and no download, made of embeddings and rules.

Belongs here: answering the tasks from the same JSON that a language model gets, the same way every time.
Does not belong here: retry, cache, ledger; those treat this model like any other.
"""
