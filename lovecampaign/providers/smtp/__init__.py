"""The SMTP provider, with pipelining."""
