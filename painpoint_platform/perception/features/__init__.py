"""What a model reads of a text: 405 features with names, the encoder's middle states, and 13 of its author's past.

Nothing here is fitted on data.
"""
