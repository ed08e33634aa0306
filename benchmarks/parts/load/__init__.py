"""A real `serve` under load: ``make load``."""
