"""Personal notes: a line in one email to one subscriber."""
