"""Personal values: inputs, expressions over them, deferred values and printed tokens."""
