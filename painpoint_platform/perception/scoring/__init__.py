"""Stored models at work: which ones score, scores of texts, tables of them, what they are worth on another corpus."""
