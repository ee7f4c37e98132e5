"""Labelled texts: reading corpora of any shape, making one up, splitting them, and proving that nothing leaks.

Belongs here: everything up to rows that may be trained on. Does not belong here: features of a text and models of it.
"""
