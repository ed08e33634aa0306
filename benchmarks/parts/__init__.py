"""What `make bench` measures: one module for each part, with a `measure` function."""
