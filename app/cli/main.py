"""The `diachi` command."""

import sys
from importlib import import_module
from pathlib import Path

import click

from app.cli.site import Site
from repository.domain.errors import DiachiError, NotFound, QueryRejected, ServerUnreachable, StoreFailed, WrongUse

COMMANDS = {
    "backup": "app.cli.backup:backup",
    "batch": "app.cli.batch:batch",
    "check": "app.cli.check:check",
    "ingest": "app.cli.ingest:ingest",
    "install-service": "app.cli.service:install_service",
    "migrate-profile": "app.cli.migrate_profile:migrate_profile",
    "reindex": "app.cli.index:reindex",
    "restore": "app.cli.restore:restore",
    "search": "app.cli.search:search",
    "serve": "app.cli.serve:serve",
    "storage": "app.cli.storage:storage",
    "user": "app.cli.user:user",
    "verify": "app.cli.index:verify",
}


class Commands(click.Group):
    """Loads a command's code when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        module, _, name = COMMANDS.get(cmd_name, "").partition(":")
        command: click.Command | None = getattr(import_module(module), name) if module else None
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Thư mục dữ liệu / data folder.")
@click.pass_context
def diachi(context: click.Context, data: Path | None) -> None:
    """Kho số hóa và địa chí / digitisation and local-studies repository."""
    context.obj = Site(data)


def main() -> None:
    """Run the command; an error becomes one sentence and its kind's exit code (0 well, 1 input, 2 use, 3 server)."""
    try:
        code = diachi.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    except DiachiError as error:
        click.echo(str(error), err=True)
        code = code_of(error)
    sys.exit(code if isinstance(code, int) else 0)


def code_of(error: DiachiError) -> int:
    """The exit code for an error that ends a command. A server that refuses us is as good as one that is away."""
    if isinstance(error, NotFound | QueryRejected):
        return WrongUse.exit_code
    if isinstance(error, StoreFailed) and "server" in error.params:
        return ServerUnreachable.exit_code
    return error.exit_code
