"""The ledger: one unit of work at a time, rolled back unless it ends well."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from repository.db.accounts import Accounts
from repository.db.batches import Batches
from repository.db.duties import Duties
from repository.db.engine import PING, is_postgresql
from repository.db.failures import failures_named
from repository.db.figures import Figures
from repository.db.files import Files
from repository.db.items import Items
from repository.db.jobs import Jobs
from repository.db.journal import Journal
from repository.db.libraries import Libraries
from repository.db.listing import Listing
from repository.db.locks import wait_for_writers
from repository.db.masters import Masters
from repository.db.pages import Pages
from repository.db.steps import Steps
from repository.db.texts import Texts
from repository.db.uploads import Uploads
from repository.db.workers import Workers


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

    @cached_property
    def masters(self) -> Masters:
        """Stored masters, their versions and when they were last found right."""
        return Masters(self._session)

    @cached_property
    def workers(self) -> Workers:
        """Working processes."""
        return Workers(self._session)

    @cached_property
    def figures(self) -> Figures:
        """Counts and sums over everything."""
        return Figures(self._session)

    @cached_property
    def duties(self) -> Duties:
        """What only one process may do at a time."""
        return Duties(self._session)


class Ledger:
    """Opens units of work. Safe to share between threads; a unit of work is not.

    Its methods raise ServerUnreachable for a database that does not answer or goes away in mid-work, StoreFailed for
    one that cannot write or is kept too long (see `failures`). The same ledger works again once the database does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._postgresql = is_postgresql(engine)
        moment = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if self._postgresql else {}
        self._reading = engine.execution_options(**moment)
        self._writing = engine.execution_options(writing=True)

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A unit of work that only looks; it sees one moment of the ledger."""
        with failures_named(), Session(self._reading, autoflush=False) as session:
            yield Work(session)

    @contextmanager
    def write(self, alone: bool = True) -> Iterator[Work]:
        """A unit of work that is committed when the block ends, and undone when it raises.

        Nobody else writes meanwhile. With `alone=False`, others that say so too may, on PostgreSQL: for whoever holds a
        job (`jobs.hold`) and writes only what belongs to it, or uses statements that are whole by themselves (claims,
        heartbeats, duties), or takes its turn at what it changes (`items.take_turn`)."""
        with failures_named(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            if self._postgresql:
                wait_for_writers(session, alone)
            else:
                session.connection()  # which begins, and so takes SQLite's one lock
            yield Work(session)

    def ping(self) -> None:
        """Raises ServerUnreachable when the database does not answer within seconds, StoreFailed for a broken file. On
        PostgreSQL by a connection of its own: those that are open may hang."""
        engine: Engine = self._engine.get_execution_options().get(PING, self._engine)
        with failures_named(), engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM setting"))

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()
