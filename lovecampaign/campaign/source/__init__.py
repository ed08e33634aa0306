"""Reading of files and YAML: text, places, settings trees, and problems with codes."""
