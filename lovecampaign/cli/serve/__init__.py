"""The verb ``serve``."""
