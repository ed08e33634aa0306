"""Rules about the schedule and the sender."""
