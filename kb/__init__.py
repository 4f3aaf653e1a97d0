"""What we know: articles, passages, the taxonomy and the store. Knows nothing above it."""
