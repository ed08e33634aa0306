"""Pages, webhooks, preview and dashboard."""
