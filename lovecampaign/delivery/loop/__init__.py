"""Passes, batches and chunks; settling, recovery and the brake."""
