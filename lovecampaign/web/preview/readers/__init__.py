"""The readers of a preview: made-up ones, and subscribers of the database."""
