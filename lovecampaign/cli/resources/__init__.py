"""What several commands open, read and share."""
