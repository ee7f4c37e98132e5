"""Variables that are foreseen from an author's past: congruence and comparator."""
