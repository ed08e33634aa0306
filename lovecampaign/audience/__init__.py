"""The subscriber model, consent, and reading of subscribers' files."""
