"""`diachi check`: are the settings right, and do the servers behind them answer as they should?"""

import sys
from typing import TYPE_CHECKING

import click

from app.cli.site import Site
from app.language import both
from repository.domain.errors import DiachiError

if TYPE_CHECKING:
    from config.checking import Problem
    from config.settings import Settings


@click.command()
@click.pass_obj
def check(site: Site) -> int:
    """Kiểm tra thiết lập, thư mục và máy chủ / check the settings, folders and servers."""
    from config.checking import check_settings

    problems = check_settings(site.settings())
    for problem in problems:
        _say(problem)
    if not problems:
        click.echo("Mọi thứ đều ổn. / All is well.")
    return max((problem.exit_code for problem in problems), default=0)


def must_work(settings: "Settings") -> None:
    """Print what is wrong on standard error; ends the command when the site could not work at all."""
    from config.checking import check_settings

    problems = check_settings(settings)
    for problem in problems:
        _say(problem)
    fatal = [problem.exit_code for problem in problems if problem.fatal]
    if fatal:
        sys.exit(max(fatal))


def _say(problem: "Problem") -> None:
    label = "LỖI / ERROR" if problem.fatal else "CẢNH BÁO / WARNING"
    error: DiachiError = problem.error
    click.echo(f"{label}: " + "\n  ".join(both(error)), err=True)
