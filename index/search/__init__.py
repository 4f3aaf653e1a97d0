"""Search: query execution, reranking, highlighting and match explanation."""
