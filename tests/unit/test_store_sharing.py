"""Small writes that come at once share a commit; none is lost, and none fails for another."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from lovecampaign.store import tables
from lovecampaign.store.database import Database
from lovecampaign.store.sharing import SharedWrites


def write_down(name: str) -> Callable[[sa.Connection], str]:
    def work(connection: sa.Connection) -> str:
        connection.execute(sa.insert(tables.setting).values(name=name, value=""))
        return name

    return work


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(connection.scalars(sa.select(tables.setting.c.name)))


class Counting:
    """Counts transactions, and can hold the first until the others wait for it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.begun = 0
        self.hold = threading.Event()
        self.hold.set()

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        self.begun += 1
        self.hold.wait(10)
        with self.database.write() as connection:
            yield connection


def run_together(counting: Counting, works: list[Callable[[sa.Connection], str]]) -> list[object]:
    """The first work is held until all others wait behind it."""
    shared = SharedWrites(counting.write)
    counting.hold.clear()

    def run(work: Callable[[sa.Connection], str]) -> object:
        try:
            return shared.run(work)
        except Exception as error:  # noqa: BLE001 - what each gets is what the test looks at
            return error

    with ThreadPoolExecutor(len(works)) as crowd:
        futures = [crowd.submit(run, work) for work in works]
        while len(shared._waiting) < len(works) - 1:
            time.sleep(0.001)
        counting.hold.set()
        return [future.result() for future in futures]


def test_a_write_alone_is_a_transaction_of_its_own(database: Database) -> None:
    assert database.write_together(write_down("one")) == "one"
    assert names(database) == ["one"]


def test_writes_that_wait_share_one_commit_and_each_gets_its_own_result(
    database: Database,
) -> None:
    counting = Counting(database)
    wanted = [f"n{number:02}" for number in range(20)]
    results = run_together(counting, [write_down(name) for name in wanted])

    assert results == wanted
    assert names(database) == wanted
    assert counting.begun == 2


def test_a_write_that_fails_fails_alone(database: Database) -> None:
    counting = Counting(database)
    works = [write_down(name) for name in ("a", "b", "twice", "twice", "c")]
    results = run_together(counting, works)

    assert [one for one in results if isinstance(one, str)] == ["a", "b", "twice", "c"]
    assert sum(isinstance(one, sa.exc.IntegrityError) for one in results) == 1
    assert names(database) == ["a", "b", "c", "twice"]


def test_what_a_write_raises_reaches_whoever_asked_for_it(database: Database) -> None:
    def work(_connection: sa.Connection) -> str:
        raise LookupError("not here")

    with pytest.raises(LookupError, match="not here"):
        database.write_together(work)


def test_a_crowd_loses_nothing(database: Database) -> None:
    with ThreadPoolExecutor(16) as crowd:
        list(
            crowd.map(
                lambda number: database.write_together(write_down(f"{number:03}")), range(200)
            )
        )

    assert names(database) == [f"{number:03}" for number in range(200)]
