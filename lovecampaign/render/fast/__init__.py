"""The fast path of rendering: trace a template once, then splice values into its variants."""
