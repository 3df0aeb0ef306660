"""What a transfer does about others on the line."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the column; transfers from before share with others, as they did."""
    with op.batch_alter_table("transfers") as table:
        table.add_column(sa.Column("rate_policy", sa.Text, nullable=False, server_default="fair"))
    with op.batch_alter_table("transfers") as table:
        table.alter_column("rate_policy", server_default=None)
