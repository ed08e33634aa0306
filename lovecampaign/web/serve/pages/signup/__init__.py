"""Joining a list: form, embedded form and confirmation."""
