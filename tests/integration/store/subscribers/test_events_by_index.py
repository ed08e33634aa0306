"""A subscriber's events are found by indexes, however long the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.records import read_events

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}
SCANS = ("SCAN event", "SCAN delivery", "Seq Scan on event", "Seq Scan on delivery")


def test_no_statement_reads_a_whole_table_of_the_ledger(database: Database) -> None:
    statements: list[tuple[str, Any]] = []

    def note(*values: Any) -> None:
        statements.append(values[2:4])

    sa.event.listen(database.engine, "before_cursor_execute", note)
    read_events(database, 1)
    sa.event.remove(database.engine, "before_cursor_execute", note)

    found = [one for one in statements if "FROM event" in one[0]]
    with database.read() as connection:
        kind = connection.dialect.name
        if kind == "postgresql":  # an empty table is scanned, if it may be
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plans = [
            str(connection.exec_driver_sql(f"{EXPLAIN[kind]} {text}", values).all())
            for text, values in found
        ]
    assert len(plans) == 1
    assert [scan for scan in SCANS if scan in plans[0]] == []
