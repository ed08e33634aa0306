"""Workspaces: finding them, creating them, and new campaigns in them."""
