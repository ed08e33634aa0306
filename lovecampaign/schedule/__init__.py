"""When: moments per zone, quiet hours, late joiners. Pure."""
