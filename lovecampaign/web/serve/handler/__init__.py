"""The path of a request from its route to its handler and back."""
