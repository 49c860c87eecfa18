"""How any process reaches the site of the production benchmark."""

from dataclasses import dataclass

from repository.catalog.finding import Finding
from repository.db.engine import make_engine
from repository.db.ledger import Ledger
from repository.db.migrate import upgrade
from repository.search.opensearch_index import OpenSearchIndex

ALL = "bench"  # the index of every page


@dataclass(frozen=True, slots=True)
class Where:
    """The servers' addresses."""

    database: str
    password: str
    urls: tuple[str, ...]
    servers: tuple[int, int]  # processes of OpenSearch and PostgreSQL

    def index(self, name: str = ALL) -> OpenSearchIndex:
        """An index of that name."""
        return OpenSearchIndex(self.urls, name)

    def ledger(self) -> Ledger:
        """The ledger, brought to its newest form."""
        engine = make_engine(self.database, self.password)
        upgrade(engine)
        return Ledger(engine)

    def finding(self, name: str = ALL) -> Finding:
        """The use case over the index of that name."""
        return Finding(self.ledger(), self.index(name))
