"""Masters with their versions and fixity, working processes, duties; orders and indexes that PostgreSQL needs."""

import sqlalchemy as sa
from alembic import op

from repository.db.moments import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What people or programs name things by: on PostgreSQL of any length, as on SQLite, and in the order of code points.
TEXTS = {
    "library": ("code", "name"),
    "user_account": ("name", "library"),
    "record": ("library", "title", "kind", "place", "date_text", "language"),
    "item": ("code", "library"),
    "batch": ("library", "title", "created_by", "item_code"),
    "batch_file": ("name",),
    "page": ("sort_key", "label"),
    "step": ("fingerprint",),
    "text_version": ("engine", "model", "fingerprint", "made_by"),
    "event": ("who", "what", "subject"),
    "upload": ("user",),
    "job": ("owner", "trace"),
    "master": ("version",),
    "worker": ("name", "kind", "host", "doing"),
    "duty": ("name", "owner"),
    "setting": ("key",),
}


def upgrade() -> None:
    op.create_table(
        "master",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(100)),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", Moment(), nullable=False),
        sa.Column("checked_at", Moment()),
        sa.Column("withdrawn_at", Moment()),
        sa.Column("withdrawn_reason", sa.Text()),
    )
    op.create_index("ix_master_checked_at", "master", ["checked_at"])
    op.execute(
        "INSERT INTO master (key, size, stored_at)"
        " SELECT sha256, max(size), min(received_at) FROM batch_file WHERE size > 0 GROUP BY sha256"
    )
    op.create_table(
        "worker",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("doing", sa.String(60)),
    )
    op.create_table(
        "duty",
        sa.Column("name", sa.String(30), primary_key=True),
        sa.Column("owner", sa.String(100)),
        sa.Column("until", Moment()),
        sa.Column("token", sa.Integer(), nullable=False),
    )
    op.add_column("job", sa.Column("trace", sa.String(64)))
    op.add_column("text_version", sa.Column("copy", sa.String(64)))
    owed = sa.text("copy IS NULL")
    op.create_index("text_uncopied", "text_version", ["id"], sqlite_where=owed, postgresql_where=owed)
    op.drop_index("ix_job_batch_id", "job")
    op.create_index("job_of_batch", "job", ["batch_id", "state", "priority", "kind", "id"])
    op.create_index("ix_item_hidden", "item", ["hidden"])
    op.execute(
        "UPDATE step SET state = 'ready' WHERE name = 'index' AND state = 'owed' AND page_id IN"
        " (SELECT page_id FROM step WHERE name = 'recognise' AND state = 'done')"
    )
    op.execute("UPDATE job SET priority = 50 WHERE priority > 50")  # a whole batch read again was 60
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in TEXTS.items():
            for column in columns:
                op.alter_column(table, column, type_=sa.Text(collation="C"))
        # a queue: nearly every row dies young, and plans must not be made for what it was an hour ago
        op.execute(
            "ALTER TABLE job SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000,"
            " autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 1000)"
        )


def downgrade() -> None:
    op.execute("UPDATE step SET state = 'owed' WHERE state = 'ready'")
    op.drop_index("text_uncopied", "text_version")
    op.drop_column("text_version", "copy")
    op.drop_index("ix_item_hidden", "item")
    op.drop_index("job_of_batch", "job")
    op.create_index("ix_job_batch_id", "job", ["batch_id"])
    op.drop_column("job", "trace")
    for table in ("duty", "worker"):
        op.drop_table(table)
    op.drop_index("ix_master_checked_at", "master")
    op.drop_table("master")
