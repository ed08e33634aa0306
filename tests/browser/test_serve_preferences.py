"""Leaving, choosing and reading a letter on a page, as a person does it in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store.ledger.transactional_mail import TransactionalKind, queue_transactional
from tests.browser.conftest import NewPage
from tests.integration.serve.support.letters import active_suppressions, token_of
from tests.support.accessibility import assert_accessible
from tests.support.fast_databases import open_new_database
from tests.support.serving import Serving, serving
from tests.support.stage import DAY_1, Stage

READER = "reader1@readers.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The links of a reader's letter."""

    stage: Stage
    served: Serving
    reader: int

    def at(self, route: str, purpose: Purpose = Purpose.LINKS) -> str:
        return f"{self.served.url}/{route}/{token_of(self.stage, self.reader, purpose=purpose)}"

    def mailed(self, kind: TransactionalKind) -> str:
        with self.stage.database.write() as connection:
            number = queue_transactional(
                connection, kind, self.reader, 1, {"to": "new@else.example"}, DAY_1
            )
        return f"{self.served.url}/p/{self.served.token(Purpose.MAILED, number)}"


@pytest.fixture
def letter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Letter]:
    workspace = tmp_path_factory.mktemp("workspace")
    settings = Settings(workspace=workspace, secret_keys=("test-key",))
    database = open_new_database(settings)
    stage = Stage(settings, database, days=2, settings_={"brand": {"color": "#c2185b"}})
    reader = stage.add_readers(1)[0]
    stage.send()
    with serving(settings, database, stage.clock) as served:
        yield Letter(stage=stage, served=served, reader=reader)
    database.close()


def test_everybody_can_use_the_pages(letter: Letter, new_page: NewPage) -> None:
    page = new_page()
    kinds = (
        TransactionalKind.DOWNLOAD,
        TransactionalKind.FORGET,
        TransactionalKind.MOVE,
        TransactionalKind.CHANGE_ADDRESS,
    )
    mailed = [letter.mailed(kind) for kind in kinds]
    for address in (letter.at("u"), letter.at("p"), letter.at("p") + "?insiders=1", *mailed):
        page.goto(address)
        assert_accessible(page)


@pytest.mark.parametrize("purpose", [Purpose.VIEW, Purpose.SHARE])
def test_everybody_can_read_a_letter_on_its_page(
    letter: Letter, new_page: NewPage, purpose: Purpose
) -> None:
    # Its policy lets no script run, not even the one that looks for mistakes.
    page = new_page(bypass_csp=True)
    page.goto(letter.at("v", purpose))

    assert_accessible(page)


def test_one_leaves_with_the_button_and_takes_it_back(letter: Letter, new_page: NewPage) -> None:
    page = new_page()
    page.goto(letter.at("u"))
    page.get_by_role("button", name="Yes, leave").click()
    page.get_by_role("heading", name="You have left").wait_for()
    assert active_suppressions(letter.stage.database, READER) != set()
    assert_accessible(page)

    page.get_by_role("button", name="I did not mean to").click()
    page.get_by_role("heading", name="You are back").wait_for()
    assert active_suppressions(letter.stage.database, READER) == set()


def test_one_chooses_only_the_launch_and_a_pause(letter: Letter, new_page: NewPage) -> None:
    page = new_page(width=390, height=844)
    page.goto(letter.at("p"))
    page.get_by_label("Only the launch").check()
    page.get_by_label("Pause, for how many days?").fill("70")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    assert_accessible(page)

    page.get_by_label("Pause, for how many days?").fill("7")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").wait_for()
    assert page.get_by_label("Only the launch").is_checked()
    assert page.get_by_text("Your letters are paused until Monday 8 February 2027").is_visible()
    assert_accessible(page)


def test_one_joins_the_insiders_with_one_button(letter: Letter, new_page: NewPage) -> None:
    page = new_page()
    page.goto(letter.at("p") + "?insiders=1")
    page.get_by_role("button", name="Yes, tell me early").click()

    page.get_by_role("heading", name="You will hear early").wait_for()


def test_a_friend_asks_for_letters_from_a_shared_one(letter: Letter, new_page: NewPage) -> None:
    page = new_page()
    page.goto(letter.at("v", Purpose.SHARE))
    page.get_by_label("Your email address").fill("friend@else.example")
    page.get_by_role("button", name="Yes, send me the letters").click()

    page.get_by_text("Almost done").wait_for()
    assert page.get_by_label("Your email address").input_value() == "friend@else.example"


def test_all_that_is_kept_is_shown_and_saved(letter: Letter, new_page: NewPage) -> None:
    page = new_page()
    page.goto(letter.mailed(TransactionalKind.DOWNLOAD))
    page.get_by_role("button", name="Show it here").click()
    page.get_by_role("heading", name="Lists that you are on").wait_for()
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save it as a file").click()

    assert download.value.suggested_filename == "my-data.json"
    assert READER in download.value.path().read_text()
