"""Perception: how a text feels (valence, arousal, willingness and their relatives), by models honestly judged."""
