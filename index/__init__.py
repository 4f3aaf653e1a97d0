"""Published passages in, a searchable index out; a query in, hits out. Knows kb."""
