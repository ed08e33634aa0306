"""Sending: claim, settle and recover deliveries."""
