"""The subscribers' pages, one module for each route."""
