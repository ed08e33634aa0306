"""Providers: how messages leave, by SMTP, SendGrid, Maildir or memory."""
