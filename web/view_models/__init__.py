"""View models: what the pages show, as values for the templates."""
