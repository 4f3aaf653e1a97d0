"""The ways in: pages, JSON API and command line. Knows all; the only room that knows Flask."""
