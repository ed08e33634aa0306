"""Price, codes, stock and windows of a deal."""
