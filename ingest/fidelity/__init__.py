"""Independent check that numbers, signs and negations of an article are those of its source."""
