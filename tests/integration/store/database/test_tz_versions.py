"""Machines of one ledger tell each other whose tz data are newer."""

from __future__ import annotations

from lovecampaign.store.database.engine import Database
from lovecampaign.store.maintenance.tz_versions import read_newest_tz, record_tz


def test_the_newest_version_of_all_machines_is_kept(database: Database) -> None:
    assert record_tz(database, "2026b") is None
    assert record_tz(database, "2026f") is None
    assert read_newest_tz(database) == "2026f"
    assert record_tz(database, "2026f") is None


def test_a_machine_with_older_data_is_told(database: Database) -> None:
    record_tz(database, "2026f")
    warning = record_tz(database, "2025b") or ""
    assert "another machine has the time zones 2026f, and this one 2025b" in warning
    assert "pip install --upgrade tzdata" in warning
    assert read_newest_tz(database) == "2026f"
