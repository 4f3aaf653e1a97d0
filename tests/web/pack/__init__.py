"""The downtime pack: its folder, its pages, its data, and its search in a browser."""
