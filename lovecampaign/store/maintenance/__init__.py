"""Maintenance: copies of the database, and the write probe."""
