"""Delivery by workers on many machines: Procrastinate hands batches to them."""
