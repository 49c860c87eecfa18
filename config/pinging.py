"""Which of a site's servers answer, asked side by side and with a limit, so that one that hangs holds up nobody."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from config.services import Services
from repository.domain.errors import N_, DiachiError, ServerUnreachable, StoreFailed

WITHIN = 2.0  # seconds that anybody waits for an answer
FRESH = 1.0  # seconds for which an answer is believed where the truth matters
STEADY = 4.0  # seconds of failures after which a part is not asked any more, but by us
RECENT = 5.0  # and where a page only wants to know what to tell its reader


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the site: its name among us, the server behind it, and the question that server must answer."""

    name: str
    server: str
    ping: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a part answered: `error` None when it is well. `milliseconds` it took; `at` and `since` (when it first failed
    after it was last well) are moments of the process's monotonic clock."""

    part: Part
    error: DiachiError | None
    milliseconds: float
    at: float
    since: float = 0.0

    @property
    def steadily_down(self) -> bool:
        """Whether it has not been well for so long that there is no sense in asking: a machine that is merely very busy
        may be late with one answer."""
        return self.error is not None and time.monotonic() - self.since > STEADY

    @property
    def ok(self) -> bool:
        """Whether the part is well."""
        return self.error is None

    @property
    def kind(self) -> str:
        """In one word, for whoever may not know more: `ok`, `unreachable`, `refusing`."""
        if self.error is None:
            return "ok"
        return "unreachable" if isinstance(self.error, ServerUnreachable) else "refusing"


def parts_of(services: Services) -> list[Part]:
    """Every part that a site of this profile stands on."""
    production = services.settings.production
    ledger, store, index = ("PostgreSQL", "MinIO", "OpenSearch") if production else ("SQLite", "folder", "Tantivy")
    parts = [
        Part("ledger", ledger, services.ledger.ping),
        Part("masters", store, services.masters.ping),
        Part("derivatives", store, services.derivatives.ping),
        Part("texts", store, services.texts.ping),
        Part("index", index, services.indexing.ping),
    ]
    return [*parts, Part("queue", "Redis", services.queue.ping)] if services.queue else parts


class Pings:
    """Asks the parts and remembers what they said. Safe to share between threads; a part is asked by one thread at a
    time, however many want to know."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = parts
        self._last: dict[str, Answer] = {}
        self._asking: dict[str, float] = {}
        self._changed = threading.Condition()

    def ask(self, within: float = WITHIN, fresh: float = FRESH) -> Mapping[str, Answer]:
        """Every part's answer, none older than `fresh` seconds; whoever has not answered `within` seconds is taken to
        be unreachable."""
        until = time.monotonic() + within
        with self._changed:
            self._begin(fresh)
            while self._stale(fresh) and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            late = self._stale(fresh)
            return {part.name: self._silent(part) if part in late else self._last[part.name] for part in self._parts}

    def known(self, recent: float = RECENT) -> Mapping[str, Answer]:
        """What was last heard, without waiting; what is older than `recent` seconds is asked again in the background.
        A part that was asked long ago and still has not answered is unreachable, one never asked is left out."""
        with self._changed:
            self._begin(recent, FRESH)
            now = time.monotonic()
            late = {name for name, since in self._asking.items() if now - since > WITHIN}
            told = {name: answer for name, answer in self._last.items() if name not in late}
            return told | {part.name: self._silent(part) for part in self._parts if part.name in late}

    def heard(self, server: str, error: DiachiError) -> None:
        """Take note, for every part on that server, of a failure that somebody met while working."""
        with self._changed:
            for part in self._parts:
                if part.server == server:
                    self._note(part, error, 0.0)

    def _begin(self, fresh: float, fresh_when_down: float | None = None) -> None:
        for part in self._stale(fresh, fresh_when_down):
            if part.name not in self._asking:
                self._asking[part.name] = time.monotonic()
                threading.Thread(target=self._ask, args=(part,), name=f"ping-{part.name}", daemon=True).start()

    def _ask(self, part: Part) -> None:
        begun = time.monotonic()
        error = _failure(part)
        with self._changed:
            self._note(part, error, time.monotonic() - begun)
            del self._asking[part.name]
            self._changed.notify_all()

    def _note(self, part: Part, error: DiachiError | None, seconds: float) -> None:
        now = time.monotonic()
        self._last[part.name] = Answer(part, error, round(seconds * 1000, 1), now, self._failing_since(part, now))

    def _failing_since(self, part: Part, now: float) -> float:
        last = self._last.get(part.name)
        return last.since if last is not None and not last.ok else now

    def _stale(self, fresh: float, fresh_when_down: float | None = None) -> list[Part]:
        now, stale = time.monotonic(), []
        for part in self._parts:
            last = self._last.get(part.name)
            most = fresh if last is None or last.ok or fresh_when_down is None else fresh_when_down
            if last is None or now - last.at > most:
                stale.append(part)
        return stale

    def _silent(self, part: Part) -> Answer:
        now = time.monotonic()
        since = self._asking.get(part.name, now)
        error = ServerUnreachable(N_("{server} không trả lời trong {seconds} giây."), server=part.server, seconds=2)
        return Answer(part, error, round((now - since) * 1000, 1), now, self._failing_since(part, since))


def _failure(part: Part) -> DiachiError | None:
    try:
        part.ping()
    except DiachiError as error:
        return error
    except OSError as error:  # a folder that is gone, or may not be read
        failed = StoreFailed(N_("{server} không dùng được: {problem}."), server=part.server, problem=str(error))
        failed.__cause__ = error
        return failed
    return None
