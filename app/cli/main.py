"""The `diachi` command."""

import sys
from pathlib import Path

import click

from app.cli.batch import batch
from app.cli.index import reindex, verify
from app.cli.ingest import ingest
from app.cli.search import search
from app.cli.serve import serve
from app.cli.service import install_service
from app.cli.site import Site
from app.cli.user import user
from repository.domain.errors import DiachiError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Thư mục dữ liệu / data folder.")
@click.pass_context
def diachi(context: click.Context, data: Path | None) -> None:
    """Kho số hóa và địa chí / digitisation and local-studies repository."""
    context.obj = Site(data)


for command in (ingest, search, batch, reindex, verify, user, serve, install_service):
    diachi.add_command(command)


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
        code = error.exit_code
    sys.exit(code if isinstance(code, int) else 0)
