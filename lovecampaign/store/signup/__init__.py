"""Sign-up: double opt-in, mailed links, unsubscribe and the welcome."""
