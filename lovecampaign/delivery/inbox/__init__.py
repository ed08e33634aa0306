"""Incoming mail: read from files, sorted by kind."""
