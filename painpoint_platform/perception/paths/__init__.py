"""Variables that are paths in the tree of emotions: invoked and expressed."""
