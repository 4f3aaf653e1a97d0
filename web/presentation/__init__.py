"""URLs, formatting, serializers and feeds. No Flask."""
