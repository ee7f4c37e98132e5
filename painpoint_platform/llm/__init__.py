"""Structured calls to language models: one protocol, two implementations, and everything a paid call needs around it.

Belongs here: tasks and prompts, validation and retry, fallback, cache, ledger, budget, pacing, and the embedded model.
Does not belong here: what a domain asks and why (each domain defines its own tasks), and any table of the warehouse
except ``ops.llm_calls``.
"""
