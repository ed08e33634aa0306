"""Links of emails: tokens, keys and test messages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.store.database.types import metadata
from lovecampaign.web.serve.handler.open_link import load_link, read_token
from lovecampaign.web.serve.handler.request_context import RequestContext, page
from lovecampaign.web.serve.handler.site import Site
from tests.support.serving import serving, with_settings
from tests.support.stage import Stage


def telling_routes(site: Site) -> Sequence[BaseRoute]:
    """Pages that print the opened link: one like unsubscribe, one like all others."""

    def leave(context: RequestContext) -> Response:
        return tell(context, retired_too=True)

    def choose(context: RequestContext) -> Response:
        return tell(context, retired_too=False)

    return [page(site, "/u/{token}", get=leave), page(site, "/p/{token}", get=choose)]


def tell(context: RequestContext, *, retired_too: bool) -> Response:
    read = read_token(context, Purpose.LINKS, Purpose.SHARE, retired_too=retired_too)
    link = load_link(context, read)
    delivery, email = link.delivery, link.email
    told = [link.purpose.name, link.campaign.slug, delivery.address, delivery.first_name]
    return PlainTextResponse(" ".join([*told, delivery.state, email.subject if email else "-"]))


@pytest.fixture
def key(stage: Stage) -> RowKey:
    stage.add_readers(1)
    stage.send()
    with stage.database.read() as connection:
        row = connection.execute(metadata.tables["delivery"].select()).one()
        return RowKey(row.id, row.nonce)


def ask(stage: Stage, path: str, keys: tuple[str, ...], retired: tuple[str, ...] = ()) -> str:
    """What a page says under these keys."""
    settings = with_settings(stage.settings, secret_keys=keys, retired_keys=retired)
    with serving(settings, stage.database, stage.clock, makers=[telling_routes]) as served:
        answer = served.get(path)
        return answer.text if answer.status == 200 else str(answer.status)


def test_a_link_leads_to_its_person_email_and_campaign(stage: Stage, key: RowKey) -> None:
    token = TokenSigner(["key"]).sign(Purpose.LINKS, key)
    told = ask(stage, f"/p/{token}", ("key",))

    assert told.startswith("LINKS test-month reader1@readers.example Reader1 sent Day 1")


def test_the_purpose_of_a_token_is_known_to_the_page(stage: Stage, key: RowKey) -> None:
    signer = TokenSigner(["key"])

    assert ask(stage, f"/p/{signer.sign(Purpose.SHARE, key)}", ("key",)).startswith("SHARE")
    assert ask(stage, f"/p/{signer.sign(Purpose.DELIVERY, key)}", ("key",)) == "404"


def test_after_a_rotation_older_keys_open_everything_and_retired_ones_let_people_leave(
    stage: Stage, key: RowKey
) -> None:
    token = TokenSigner(["old"]).sign(Purpose.LINKS, key)

    for path in (f"/u/{token}", f"/p/{token}"):
        assert ask(stage, path, ("new", "old")).startswith("LINKS")
        assert ask(stage, path, ("new",)) == "404"
    assert ask(stage, f"/u/{token}", ("new",), retired=("old",)).startswith("LINKS")
    assert ask(stage, f"/p/{token}", ("new",), retired=("old",)) == "404"


def test_what_was_deleted_or_forgotten_opens_nothing(stage: Stage, key: RowKey) -> None:
    signer = TokenSigner(["key"])
    path = f"/p/{signer.sign(Purpose.LINKS, key)}"
    subscriber = metadata.tables["subscriber"]
    with stage.database.write() as connection:
        connection.execute(subscriber.update().values(forgotten_at=stage.clock.now()))

    assert ask(stage, path, ("key",)) == "404"
    assert (
        ask(stage, f"/p/{signer.sign(Purpose.LINKS, RowKey(key.number + 1, key.nonce))}", ("key",))
        == "404"
    )


def test_a_test_message_leads_to_a_page_that_says_so(stage: Stage) -> None:
    for path in ("/u/test", "/p/test"):
        assert "This is a test" in ask(stage, path, ("key",))
