"""Checkout: claim, redeem and wait for units of a deal."""
