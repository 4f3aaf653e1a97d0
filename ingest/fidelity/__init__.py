"""Independent check that numbers, names and negations of an article are those of its source."""
