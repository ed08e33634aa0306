"""Where mail comes in: an IMAP server, a Maildir, and the spool of the inbound webhook."""
