"""The database: tables, migrations, ledger, subscribers, events, deals."""
