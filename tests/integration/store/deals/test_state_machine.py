"""Whatever people do with a deal, in whatever order, its numbers stay true."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lovecampaign.core.settings import Settings
from tests.support.deal_room import MINUTE, OPEN, DealRoom
from tests.support.fast_databases import open_new_database

PEOPLE = st.integers(0, 4)


class DealMachine(RuleBasedStateMachine):
    """Five insiders, two units, and a model that knows who holds what until when."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        workspace = Settings(workspace=Path(self.folder.name), secret_keys=("test-key",))
        self.database = open_new_database(workspace)
        self.room = DealRoom(workspace, self.database, insiders=5, quantity=2)
        self.now = OPEN
        self.held = dict.fromkeys(range(5), OPEN)  # until then, exclusive
        self.bought: set[int] = set()
        self.line: list[int] = []
        self.kept: dict[int, datetime] = {}

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @rule(minutes=st.sampled_from([1, 15, 30, 120, 240]))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(who=PEOPLE)
    def claim(self, who: int) -> None:
        had = self._holds(who)
        until = self.held[who]
        if not had:
            self._keep_for_line()
        may = had or who in self._live_kept() or self._left() > 0
        claim = self.room.claim(self.room.ids[who], self.now)

        assert (claim is not None) == may
        if claim is not None and not had:
            kept_until = self.kept[who] if who in self._live_kept() else self.now
            self.held[who] = max(self.now + timedelta(minutes=30), kept_until)
            self._leave_line(who)
        if claim is not None and had and who not in self.bought:
            assert claim.lapses_at == until

    @rule(who=PEOPLE)
    def redeem(self, who: int) -> None:
        redemption = self.room.redeem(self.room.ids[who], self.now)

        assert redemption.is_new == (who not in self.bought)
        self.bought.add(who)
        self._leave_line(who)

    @rule(who=PEOPLE)
    def wait(self, who: int) -> None:
        if self._holds(who) or who in self._live_kept():
            return
        self.room.wait(self.room.ids[who], self.now)
        self.kept.pop(who, None)
        if who not in self.line:
            self.line.append(who)

    @rule()
    def tell(self) -> None:
        before = len(self._live_kept())
        told = self.room.tell(self.now)
        self._keep_for_line()

        assert len(self._live_kept()) - before == told

    @invariant()
    def the_numbers_agree(self) -> None:
        stock = self.room.stock(self.now)

        assert stock.redeemed == len(self.bought)
        assert stock.reserved == len(self._reserving()) + len(self._live_kept())
        assert stock.left == self._left()
        assert stock.waiting == len(self.line)

    @invariant()
    def only_purchases_can_go_beyond_the_quantity(self) -> None:
        stock = self.room.stock(self.now)

        assert stock.redeemed + stock.reserved <= max(2, 2 + len(self.bought))
        assert (stock.left or 0) >= 0

    # -- the model

    def _reserving(self) -> set[int]:
        return {who for who in range(5) if who not in self.bought and self.now < self.held[who]}

    def _holds(self, who: int) -> bool:
        return who in self.bought or who in self._reserving()

    def _live_kept(self) -> set[int]:
        return {who for who, until in self.kept.items() if self.now < until}

    def _left(self) -> int:
        return max(0, 2 - len(self.bought) - len(self._reserving()) - len(self._live_kept()))

    def _keep_for_line(self) -> None:
        for who in self.line[: self._left()]:
            self.kept[who] = self.now + timedelta(hours=4)
        self.line = [who for who in self.line if who not in self._live_kept()]

    def _leave_line(self, who: int) -> None:
        self.kept.pop(who, None)
        if who in self.line:
            self.line.remove(who)


TestDeal = DealMachine.TestCase
TestDeal.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow],
)
