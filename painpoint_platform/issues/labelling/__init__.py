"""From a cluster to its name: which posts may speak for it, which do, what a model is asked about them."""
