"""Labelled texts: read, made up, split, audited."""
