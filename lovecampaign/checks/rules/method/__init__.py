"""Rules about the method: a month of giving, then one launch."""
