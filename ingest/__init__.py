"""A source file in, an article with tagged passages out. Knows kb."""
