"""Query parser, query expansion, synonyms and spelling correction."""
