"""The composition root: adapters chosen by the settings, wired into the use cases. Nothing connects at import time."""

from dataclasses import dataclass
from fcntl import LOCK_EX, flock

from config.adapters import open_index, open_queue, open_stores
from config.settings import Settings
from repository.catalog.accounts import Accounts
from repository.catalog.correcting import Correcting
from repository.catalog.finding import Finding
from repository.catalog.finishing import Finishing
from repository.catalog.indexing import Indexing
from repository.catalog.intake import Intake
from repository.catalog.masters import Masters
from repository.catalog.operating import Operating
from repository.catalog.progress import Progressing
from repository.catalog.publishing import Publishing
from repository.catalog.reading import Reading
from repository.catalog.text_copies import TextCopies
from repository.catalog.unpacking import Unpacking
from repository.db.engine import make_engine
from repository.db.ledger import Ledger
from repository.db.migrate import upgrade
from repository.jobs.port import Queue
from repository.scans.limits import Limits
from repository.search.port import SearchIndex
from repository.storage.port import ObjectStore


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the entry points use. Without a queue workers claim from the ledger directly."""

    settings: Settings
    limits: Limits
    ledger: Ledger
    masters: Masters
    derivatives: ObjectStore
    texts: ObjectStore
    index: SearchIndex
    queue: Queue | None
    reading: Reading
    finding: Finding
    accounts: Accounts
    intake: Intake
    unpacking: Unpacking
    publishing: Publishing
    progressing: Progressing
    correcting: Correcting
    indexing: Indexing
    finishing: Finishing
    text_copies: TextCopies
    operating: Operating


def open_ledger(settings: Settings) -> Ledger:
    """The site's ledger alone, brought to the newest form."""
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings.ledger_url, settings.database_password.get_secret_value())
    with (settings.data / "ledger.lock").open("w") as lock:
        flock(lock, LOCK_EX)  # a new SQLite file does not like two processes to turn it to WAL at once
        upgrade(engine)
    return Ledger(engine)


def build_services(settings: Settings) -> Services:
    """Open (or make) the site that the settings describe, its ledger brought to the newest form."""
    settings.scratch_folder.mkdir(parents=True, exist_ok=True)
    settings.uploads_folder.mkdir(exist_ok=True)
    ledger = open_ledger(settings)
    stores = open_stores(settings, ledger)
    masters, derivatives = stores.masters, stores.derivatives
    index = open_index(settings)
    limits = Limits(
        max_pixels=settings.max_pixels, max_pages=settings.max_pages_per_file, max_file_bytes=settings.max_file_bytes
    )
    return Services(
        settings=settings,
        limits=limits,
        ledger=ledger,
        masters=masters,
        derivatives=derivatives,
        texts=stores.texts,
        index=index,
        queue=open_queue(settings),
        reading=Reading(ledger, masters, derivatives),
        finding=Finding(ledger, index),
        accounts=Accounts(ledger),
        intake=Intake(ledger, masters),
        unpacking=Unpacking(ledger, masters, limits),
        publishing=Publishing(ledger),
        progressing=Progressing(ledger),
        correcting=Correcting(ledger),
        indexing=Indexing(ledger, index),
        finishing=Finishing(ledger),
        text_copies=TextCopies(ledger, stores.texts),
        operating=Operating(ledger),
    )
