"""A campaign's files, their schema, and the frozen model made from them."""
