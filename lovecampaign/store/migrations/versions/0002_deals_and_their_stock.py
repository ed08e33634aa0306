"""Units of a deal: held, waited for, longer open for one person; and what joining leaves behind."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

#: As ``lovecampaign.store.database.types.BigKey`` was then.
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "deal_stock",
        sa.Column("campaign_id", BIG_KEY, nullable=False),
        sa.Column("deal", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_deal_stock_campaign_id"),
        sa.PrimaryKeyConstraint("campaign_id", "deal", name="pk_deal_stock"),
    )
    op.create_table(
        "deal_claim",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("campaign_id", BIG_KEY, nullable=False),
        sa.Column("deal", sa.Text(), nullable=False),
        sa.Column("subscriber_id", BIG_KEY, nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("lapses_at", sa.BigInteger(), nullable=False),
        sa.Column("redeemed_at", sa.BigInteger(), nullable=True),
        sa.Column("redeemed_by", sa.Text(), server_default="", nullable=False),
        *_belongs_to_a_person("deal_claim"),
        _one_each("deal_claim"),
    )
    op.create_table(
        "deal_waiting",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("campaign_id", BIG_KEY, nullable=False),
        sa.Column("deal", sa.Text(), nullable=False),
        sa.Column("subscriber_id", BIG_KEY, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", BIG_KEY, nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name="fk_deal_waiting_delivery_id"
        ),
        *_belongs_to_a_person("deal_waiting"),
        _one_each("deal_waiting"),
    )
    op.create_table(
        "deal_extension",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("campaign_id", BIG_KEY, nullable=False),
        sa.Column("deal", sa.Text(), nullable=False),
        sa.Column("subscriber_id", BIG_KEY, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        *_belongs_to_a_person("deal_extension"),
    )
    op.create_index(
        "ix_deal_extension_campaign_id_deal_subscriber_id",
        "deal_extension",
        ["campaign_id", "deal", "subscriber_id"],
    )
    op.create_index("ix_deal_code_code", "deal_code", ["code"])
    _note_how_people_join()
    op.add_column("campaign", sa.Column("lists", sa.JSON(), nullable=True))
    op.add_column(
        "email", sa.Column("late_bounces", sa.Integer(), server_default="0", nullable=False)
    )


def _note_how_people_join() -> None:
    op.add_column("transactional", sa.Column("used_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_transactional_subscriber_id_created_at",
        "transactional",
        ["subscriber_id", "created_at"],
    )
    op.create_index(
        "ix_membership_unconfirmed",
        "membership",
        ["joined_at"],
        sqlite_where=sa.text("confirmed_at IS NULL"),
        postgresql_where=sa.text("confirmed_at IS NULL"),
    )
    for name in ("confirmed_ip", "confirmed_user_agent"):
        op.add_column("consent", sa.Column(name, sa.Text(), server_default="", nullable=False))


def _belongs_to_a_person(table: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=f"fk_{table}_campaign_id"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=f"fk_{table}_subscriber_id"
        ),
    ]


def _one_each(table: str) -> sa.Constraint:
    columns = ("campaign_id", "deal", "subscriber_id")
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")
