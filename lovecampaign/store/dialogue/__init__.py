"""What subscribers write to us, and what becomes of it: letters, cases, stories, tasks."""
