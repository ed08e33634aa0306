"""Health checks of doctor."""
