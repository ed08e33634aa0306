"""Rules, one class each, given the campaign and a Facts object."""
