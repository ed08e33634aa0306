"""Checks an email's copy and templates for mistakes before it is sent."""
