"""Gifts: files that were taken, and what each subscriber was given and asked."""
