"""What a user typed: query parser, expansion, synonyms and spelling correction."""
