"""Rules about the deal: price, deadline, stock."""
