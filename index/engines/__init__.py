"""Search engines behind `index.engine`."""
