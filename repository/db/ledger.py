"""The ledger: one unit of work at a time, rolled back unless it ends well."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from repository.db.accounts import Accounts
from repository.db.batches import Batches
from repository.db.files import Files
from repository.db.items import Items
from repository.db.jobs import Jobs
from repository.db.journal import Journal
from repository.db.libraries import Libraries
from repository.db.listing import Listing
from repository.db.pages import Pages
from repository.db.steps import Steps
from repository.db.texts import Texts
from repository.db.uploads import Uploads


class Work:
    """One transaction over every part of the ledger."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def libraries(self) -> Libraries:
        """Member libraries."""
        return Libraries(self._session)

    @cached_property
    def accounts(self) -> Accounts:
        """Users."""
        return Accounts(self._session)

    @cached_property
    def items(self) -> Items:
        """Records and items."""
        return Items(self._session)

    @cached_property
    def listing(self) -> Listing:
        """Lists of items, as one visitor may see them."""
        return Listing(self._session)

    @cached_property
    def pages(self) -> Pages:
        """Pages."""
        return Pages(self._session)

    @cached_property
    def batches(self) -> Batches:
        """Batches and how far they are."""
        return Batches(self._session)

    @cached_property
    def files(self) -> Files:
        """Files of batches."""
        return Files(self._session)

    @cached_property
    def steps(self) -> Steps:
        """Steps of pages."""
        return Steps(self._session)

    @cached_property
    def jobs(self) -> Jobs:
        """Work to hand out."""
        return Jobs(self._session)

    @cached_property
    def texts(self) -> Texts:
        """Versions of pages' text."""
        return Texts(self._session)

    @cached_property
    def journal(self) -> Journal:
        """Events and the site's settings."""
        return Journal(self._session)

    @cached_property
    def uploads(self) -> Uploads:
        """Resumable uploads."""
        return Uploads(self._session)


class Ledger:
    """Opens units of work. Safe to share between threads; a unit of work is not."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writing=True)

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A unit of work that only looks; it sees one moment of the ledger."""
        with Session(self._engine, autoflush=False) as session:
            yield Work(session)

    @contextmanager
    def write(self) -> Iterator[Work]:
        """A unit of work that is committed when the block ends, and undone when it raises."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield Work(session)

    def ping(self) -> None:
        """Raises ServerUnreachable when the database does not answer."""
        with self.read() as work:
            work.journal.setting("")

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()
