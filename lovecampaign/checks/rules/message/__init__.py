"""Rules about the rendered message and its inbox line."""
