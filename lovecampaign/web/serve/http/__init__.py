"""HTTP concerns of every page: parsers, security, limits, logs, metrics."""
