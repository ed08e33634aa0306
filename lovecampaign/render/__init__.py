"""Renders emails: Jinja, Markdown, MJML, plain text and MIME."""
