"""Shows emails: test sends, previews and web versions."""
