"""A second implementation of the month: ARCHITECTURE.md, computed for one subscriber at a time."""
