"""Loading of a campaign folder: campaign.yaml, copy files, rules → the model."""
