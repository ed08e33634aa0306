"""What each person sees: Jinja, Markdown, MJML, text, MIME."""
