"""What keeps pages current: file watcher, state, checks, events."""
