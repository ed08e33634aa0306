"""The rules, in packages by subject."""
