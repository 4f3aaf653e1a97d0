"""Infobutton, CDS Hooks, MCP, offline pack and patient leaflets. No Flask."""
