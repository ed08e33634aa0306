"""Built-in mail says why it was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import CONFIRM
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.transactional.build import make_renderer
from lovecampaign.render.model.content import read_content
from lovecampaign.render.plain.sample_recipients import sample_recipients
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.testing.campaigns import write_campaign

FRAME = """\
<mjml><mj-body><mj-section><mj-column>{{ content }}
<mj-text>{% block reason %}{% endblock %} {% block ways_out %}{% endblock %}</mj-text>
<mj-text>{{ sender.name }}, {{ sender.postal_address }}.</mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (TransactionalKind.ALREADY_MEMBER, "this address was typed into a form"),
        (TransactionalKind.FORGET, "a button behind one of your letters was pressed"),
        (TransactionalKind.STORY_LINK, "a button behind one of your letters was pressed"),
        (TransactionalKind.HERO, "you answered a question of ours"),
    ],
)
def test_the_footer_names_what_the_reader_did(
    tmp_path: Path, kind: TransactionalKind, reason: str
) -> None:
    folder = write_campaign(tmp_path, days=7, templates={"confirm": FRAME})
    campaign = load_campaign(folder, tmp_path).campaign
    assert campaign is not None
    renderer = make_renderer(Settings(workspace=tmp_path), campaign, kind)
    confirm = campaign.find_email(CONFIRM)
    assert confirm is not None
    [recipient, *_] = sample_recipients(campaign, confirm, read_content(campaign, confirm))

    assert reason in " ".join(renderer.render(recipient).html.split())
