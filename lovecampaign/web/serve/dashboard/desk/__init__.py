"""Pages of the reply desk."""
