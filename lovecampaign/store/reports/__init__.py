"""Reports: counts, lists and timelines of a campaign. Read-only."""
