"""Exported models: from texts to scores as one graph, and what runs it."""
