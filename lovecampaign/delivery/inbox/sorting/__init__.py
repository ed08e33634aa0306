"""Sorts mail by kind: pure, bytes in and facts out."""
