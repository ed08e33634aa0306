"""Maintenance: copies of the database, the write probe, ended sessions and wrong guesses."""
