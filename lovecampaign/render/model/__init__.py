"""Inputs of rendering: content, recipient, images, template files; and their errors."""
