"""What the marketer wrote: source with positions → schema → model."""
