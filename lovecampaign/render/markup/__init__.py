"""Markup: Markdown and MJML to HTML and plain text, with holes for values."""
