"""From a search request to its response: execution, reranking, highlighting and explanation."""
