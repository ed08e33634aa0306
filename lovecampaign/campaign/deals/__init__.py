"""A deal's codes, stock, window and page."""
