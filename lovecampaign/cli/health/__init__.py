"""The verb ``doctor`` and its checks."""
