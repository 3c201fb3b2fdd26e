"""Language models of n-grams: counting, smoothing, back-off, ARPA files."""
