"""Planning: rows of the ledger for emails that are due."""
