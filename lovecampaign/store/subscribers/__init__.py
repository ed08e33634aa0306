"""Subscribers: records, suppressions, memberships, erasure and export."""
