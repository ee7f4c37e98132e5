"""Variables that are numbers read from a text: valence, arousal, willingness."""
