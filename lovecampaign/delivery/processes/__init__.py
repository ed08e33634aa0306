"""Several sending processes on one machine: a fork server, its children, and the pool of them."""
