"""The month in a browser, reloading on save."""
