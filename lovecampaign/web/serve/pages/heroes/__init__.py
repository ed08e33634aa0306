"""Pages of readers as heroes: their answers and the wall."""
