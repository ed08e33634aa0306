"""Delivery by workers."""
