"""Prepares an email: its content, checks and renderer."""
