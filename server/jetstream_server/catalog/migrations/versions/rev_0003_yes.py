"""When a person let an incoming transfer in, and when the sharing node heard that a download is complete."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the columns."""
    op.add_column("incoming", sa.Column("accepted_time", sa.Integer))
    op.add_column("incoming", sa.Column("told_time", sa.Integer))
