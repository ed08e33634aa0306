"""The SendGrid provider, with up to 1,000 recipients per request."""
