"""Terminal and JSON output: the only place that prints."""
