"""Applies later events of sent emails."""
