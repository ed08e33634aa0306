"""Tables of access control: ended dashboard sessions and wrong guesses."""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store.database.types import Instant, metadata

#: Sessions that were logged out, until their cookies expire anyway.
ended_session = sa.Table(
    "ended_session",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("ended_at", Instant, nullable=False),
)

#: Wrong guesses of a secret, counted by all processes together.
guess = sa.Table(
    "guess",
    metadata,
    #: Which secret: GuessKind.
    sa.Column("kind", sa.Text, primary_key=True),
    #: A keyed hash of an address or network; '' for all of them together.
    sa.Column("who", sa.Text, primary_key=True),
    #: When the window began in which they are counted.
    sa.Column("began_at", Instant, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)
