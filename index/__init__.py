"""Search index: indexes published passages and answers queries. Imports `kb` only."""
