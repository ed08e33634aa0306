"""Verbs about readers as heroes."""
