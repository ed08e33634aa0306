"""Scripts for maintainers: pages of the docs, screenshots and data of the checks."""
