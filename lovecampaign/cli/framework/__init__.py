"""The click layer: registry of verbs, common options, error reports and bug logs."""
