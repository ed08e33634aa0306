"""The ledger: campaigns, deliveries, counters, provider events and transactional mail."""
