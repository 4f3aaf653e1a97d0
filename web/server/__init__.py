"""The WSGI server and its background threads."""
