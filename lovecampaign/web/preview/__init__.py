"""The preview: the month in a browser, which reloads on save."""
