"""A download may be a part of what is shared."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the chosen entries of an incoming transfer."""
    op.add_column("incoming", sa.Column("chosen", sa.LargeBinary, nullable=True))
