"""Vectors in, clusters and noise out: reduction, density, coherence, reach. No texts, no tables."""
