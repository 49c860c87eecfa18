"""Bring a ledger's tables to the newest form."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from repository.db.engine import is_postgresql
from repository.db.failures import failures_named
from repository.db.locks import wait_for_writers
from repository.domain.errors import N_, WrongUse

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0002"


def upgrade(engine: Engine) -> None:
    """Run the migrations that this ledger has not seen. Many machines may call it at once: one works, the others wait.

    Raises ServerUnreachable or StoreFailed as the ledger does, and WrongUse for a database that cannot serve: one that
    a newer program has brought forward, or one that does not keep Unicode."""
    with failures_named():
        with engine.connect() as connection:
            if _revision(connection) == NEWEST:
                return
        with engine.execution_options(writing=True).begin() as connection:
            if is_postgresql(engine):
                _wait_for_our_turn(connection)
            _run(connection)


def alembic_config() -> "Config":
    """Where the migrations lie."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _wait_for_our_turn(connection: Connection) -> None:
    """Keep other machines' migrations and every writer out until this one is committed, however long either takes."""
    for limit in ("lock_timeout", "statement_timeout"):
        connection.execute(text(f"SET LOCAL {limit} = 0"))
    wait_for_writers(connection)
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise WrongUse(
            N_("Cơ sở dữ liệu dùng bảng mã {encoding}; hãy tạo lại bằng ENCODING 'UTF8' để giữ được chữ Việt."),
            encoding=str(encoding),
        )


def _run(connection: Connection) -> None:
    from alembic import command  # only where it is needed: it takes half a second to load
    from alembic.script import ScriptDirectory

    config = alembic_config()
    found = _revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise WrongUse(
            N_("Sổ cái ở dạng {found}, mới hơn chương trình này ({newest}); hãy cập nhật chương trình trên máy này."),
            found=found, newest=NEWEST,
        )  # fmt: skip
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
