"""Perception: how a text feels (valence, arousal, willingness and what follows from them), by models honestly judged."""
