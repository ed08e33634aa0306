"""Database access: engine, schema version, column types and JSON parameters."""
