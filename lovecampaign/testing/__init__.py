"""Small real objects for tests, ours and yours: builders and fakes, never patches."""
