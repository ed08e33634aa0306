"""One email on a page: its parts, and simulated colour schemes."""
