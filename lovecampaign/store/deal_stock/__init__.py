"""Deal stock: units, extensions and the owners of codes."""
