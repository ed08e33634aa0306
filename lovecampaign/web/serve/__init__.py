"""The public web server: sign-up, confirmation, preferences, unsubscribe, deals, webhooks."""
