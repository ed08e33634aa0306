"""The plain path of rendering: each message from its source."""
