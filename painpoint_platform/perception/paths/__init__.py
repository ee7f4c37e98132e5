"""Variables that are paths in a tree of emotions: invoked and expressed."""
