"""Static checks of a campaign: one class per rule, run before anything is sent."""
