"""Model Context Protocol server."""
