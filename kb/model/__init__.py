"""Domain values: articles, passages, tags, codes and permissions. No I/O and no SQL."""
