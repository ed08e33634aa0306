"""The database: tables, migrations, ledger, subscribers, sign-up, imports, deals and planning."""
