"""What rules share: their interfaces, the sample rendering, and places in sources."""
