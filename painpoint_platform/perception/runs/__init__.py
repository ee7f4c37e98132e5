"""A training run: a folder that goes from corpus to models, and a model as a folder of its own.

Belongs here: what variables of all kinds have in common once they are trained and kept. Does not belong here: how a
kind is trained (``numbers``, ``paths``, ``temporal``), what stored models say of texts (``scoring``).
"""
