"""View models: the values that the page templates render."""
