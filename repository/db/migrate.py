"""Bring a ledger's tables to the newest form."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0002"


def upgrade(engine: Engine) -> None:
    """Run the migrations that this ledger has not seen. Two processes may call it at once: the second waits."""
    if _revision(engine) == NEWEST:
        return
    from alembic import command  # only where it is needed: it takes half a second to load

    with engine.execution_options(writing=True).begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def alembic_config() -> "Config":
    """Where the migrations lie."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _revision(engine: Engine) -> str | None:
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found
