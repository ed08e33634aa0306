"""A connection pool with an event loop per thread and autoscaling of threads."""
