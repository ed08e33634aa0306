"""Commands of the reply desk."""
