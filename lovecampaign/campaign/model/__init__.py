"""The frozen model of a campaign."""
