"""The first schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _column(kind: type[sa.types.TypeEngine[Any]], names: str) -> list[sa.Column[Any]]:
    """Columns of one kind; a question mark behind a name allows NULL."""
    return [sa.Column(name.rstrip("?"), kind(), nullable=name.endswith("?")) for name in names.split()]


def _text(names: str) -> list[sa.Column[Any]]:
    return _column(sa.Text, names)


def _number(names: str) -> list[sa.Column[Any]]:
    return _column(sa.Integer, names)


def _blob(names: str) -> list[sa.Column[Any]]:
    return _column(sa.LargeBinary, names)


def _real(names: str) -> list[sa.Column[Any]]:
    return _column(sa.Float, names)


def _flag(names: str) -> list[sa.Column[Any]]:
    return _column(sa.Boolean, names)


def upgrade() -> None:
    """Makes every table."""
    op.create_table(
        "accounts",
        *_text("user password_hash"),
        *_number("creation_time"),
        sa.PrimaryKeyConstraint("user"),
    )
    op.create_table(
        "api_tokens",
        *_text("token owner description path"),
        *_number("permissions creation_time expiry_time? last_used_time?"),
        *_text("owner_token?"),
        *_blob("user_data"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "authorized",
        *_text("fingerprint name public_key?"),
        *_number("creation_time"),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    op.create_table(
        "counters",
        *_text("kind"),
        *_number("value"),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.create_table(
        "destinations",
        *_text("id owner address"),
        *_number("port"),
        *_text("user_name? password? permitted_public_key?"),
        *_number("send_rate_max?"),
        *_text("name ip? public_key? server_id? server_uid? last_error? last_error_message?"),
        *_number("last_recv_time? last_send_time? last_used_time? last_rate? creation_time"),
        *_flag("deleted"),
        *_text("owner_token?"),
        *_blob("user_data"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "events",
        *_number("cursor time"),
        *_text("name owner kind subject message owner_token?"),
        *_blob("fields"),
        sa.PrimaryKeyConstraint("cursor"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_subject", "events", ["kind", "subject"])
    op.create_table(
        "incoming",
        *_text("id owner uid status error_message? destination_path folder"),
        *_number("overwrite_mode"),
        *_text("source_ip?"),
        *_number("source_port?"),
        *_text("peer_name? peer_fingerprint? label link? password?"),
        *_number("total_files? total_size? entries pages"),
        *_blob("digest"),
        *_number(
            "files_done bytes_recv checkpoint_bytes last_checkpoint_time? last_recv_time? last_send_time? "
            "last_error_time?"
        ),
        *_real("active_seconds"),
        *_number("request_time start_time? end_time?"),
        *_text("owner_token?"),
        *_blob("user_data"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("incoming_uid", "incoming", ["uid"])
    op.create_table(
        "manifests",
        *_text("id owner status error_message? label"),
        *_blob("mappings"),
        *_number("symlink_mode"),
        *_blob("exclude"),
        *_flag("skip_unreadable"),
        *_blob("confined_to?"),
        *_number("total_files? total_size? entries pages"),
        *_blob("digest"),
        *_number("skipped"),
        *_blob("skipped_sample"),
        *_number("creation_time"),
        *_flag("deleted"),
        *_text("owner_token?"),
        *_blob("user_data"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "pins",
        *_text("address"),
        *_number("port"),
        *_text("fingerprint"),
        sa.PrimaryKeyConstraint("address", "port"),
    )
    op.create_table(
        "sandboxes",
        *_text("user"),
        *_blob("mapping"),
        sa.PrimaryKeyConstraint("user"),
    )
    op.create_table(
        "settings",
        *_text("key"),
        *_blob("value"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "tokens",
        *_text("token owner manifest_id description"),
        *_number("creation_time expiry_time? download_limit? download_count"),
        *_text("password_hash?"),
        *_number("last_used_time? permissions"),
        *_text("owner_token?"),
        *_blob("user_data"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "transfers",
        *_text("id owner uid manifest_id destination_id? status error_message? destination_path"),
        *_number("priority send_rate_max? overwrite_mode min_cipher checkpoint_seconds"),
        *_text("label"),
        *_number(
            "total_files? total_bytes? bytes_acked checkpoint_bytes last_checkpoint_time? files_done blocks_sent "
            "blocks_retransmitted bytes_sent bytes_recv packets_sent packets_recv"
        ),
        *_real("active_seconds"),
        *_text("peer_name? peer_fingerprint?"),
        *_number("request_time queue_time? start_time? end_time?"),
        *_text("owner_token? shared_token?"),
        *_blob("user_data"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "incoming_blocks",
        *_number("row"),
        *_text("owner_id"),
        *_number("first"),
        *_blob("hashes"),
        sa.PrimaryKeyConstraint("row"),
        sa.ForeignKeyConstraint(["owner_id"], ["incoming.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_incoming_blocks_owner_id", "incoming_blocks", ["owner_id"])
    op.create_table(
        "incoming_pages",
        *_text("owner_id"),
        *_number("number first_entry first_byte"),
        *_blob("data"),
        sa.PrimaryKeyConstraint("owner_id", "number"),
        sa.ForeignKeyConstraint(["owner_id"], ["incoming.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "manifest_pages",
        *_text("owner_id"),
        *_number("number first_entry first_byte"),
        *_blob("data"),
        sa.PrimaryKeyConstraint("owner_id", "number"),
        sa.ForeignKeyConstraint(["owner_id"], ["manifests.id"], ondelete="CASCADE"),
    )
