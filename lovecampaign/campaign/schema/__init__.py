"""The schema of a campaign's settings: pydantic models, value parsers, JSON Schema."""
