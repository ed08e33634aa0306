"""lovecampaign: a Customer Love month as code."""

__version__ = "0.1.0"
