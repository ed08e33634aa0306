"""The schedule: due times by zone and joining time, quiet hours, late joiners. Pure."""
