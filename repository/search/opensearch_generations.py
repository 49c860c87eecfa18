"""The index behind its alias: one generation serves, another may be filled beside it and take its place.

A generation is named `<index>-v<VERSION>-<number>`. The alias `<index>` is on the one that serves, `<index>-next` on
the one being filled. What a generation knows of itself stands in its mapping's `_meta`: `owed` is true once the ledger
was told to owe it everything, so that one begun by a process that was killed is never taken for a full one; `site` and
`owner` tell whose it is, so that a site set to another one's index by mistake never wipes it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from repository.domain.errors import N_, StoreFailed, WrongUse
from repository.search.opensearch_connection import SERVER, Connection, IndexMissing
from repository.search.opensearch_mapping import VERSION, mapping, settings

_CREATING = 60.0  # seconds at most


@dataclass(frozen=True, slots=True)
class Generation:
    """One index. `fields` are those that its mapping has; `owed`, `site` and `owner` as above."""

    name: str
    version: int
    number: int
    owed: bool
    fields: frozenset[str]
    site: str | None = None
    owner: str = ""

    @property
    def current(self) -> bool:
        """Whether it has the form that this program writes."""
        return self.version == VERSION


@dataclass(frozen=True, slots=True)
class Standing:
    """Which generation serves, and which is being filled."""

    serving: Generation | None
    filling: Generation | None

    @property
    def targets(self) -> tuple[Generation, ...]:
        """Those that have to be written to."""
        return tuple(each for each in (self.serving, self.filling) if each is not None)


class Generations:
    """The generations of one site's index."""

    def __init__(self, connection: Connection, index: str, shards: int, replicas: int, owner: str = "") -> None:
        self.alias, self.next_alias = index, f"{index}-next"
        self._connection = connection
        self._shards, self._replicas = shards, replicas
        self._site: str | None = None
        self._owner = owner
        self._name = re.compile(rf"{re.escape(index)}-v([0-9]+)-([0-9]+)")

    def claim(self, site: str) -> None:
        """Be that site's; see the port."""
        self._site = site
        for unclaimed in (each for each in self.standing().targets if each.site is None):
            self._note(unclaimed, owed=unclaimed.owed)
        self.standing()  # another site may have claimed it in the same moment: the last one has it

    def standing(self) -> Standing:
        """As the server has it now. Raises WrongUse when it is another site's than the one that was claimed for."""
        found = self._all()
        return Standing(self._newest(found, self.alias), self._newest(found, self.next_alias))

    def alias_of(self, generation: Generation, standing: Standing) -> str:
        """The alias to write it by: a name that is gone is then refused, never made anew by the engine."""
        return self.alias if generation == standing.serving else self.next_alias

    def made(self) -> Standing:
        """The standing, with a generation made to serve if there was none."""
        standing = self.standing()
        if standing.serving is None:
            self._create(self.alias)
            standing = self.standing()
        return standing

    def begin(self, owe_everything: Callable[[], None]) -> None:
        """Begin a new generation, and only when the ledger owes it everything say so in it.

        Where nothing serves, or what serves is empty and owed nothing yet, that one is filled in place."""
        standing = self.made()
        serving, filled = standing.serving, standing.serving
        if serving is None or serving.owed or not serving.current:
            if standing.filling is not None:
                self._delete(standing.filling)
            self._create(self.next_alias)
            filled = self.standing().filling
        owe_everything()
        if filled is not None:
            self._note(filled, owed=True)

    def finish(self) -> None:
        """Let the generation that was filled serve, in one step, and delete all others; nothing if none is ready."""
        found = self._all()
        ready = self._newest(found, self.next_alias)
        if ready is None or not ready.owed:
            return
        self._connection.ask("POST", f"/{ready.name}/_refresh", timeout=_CREATING)
        actions: list[dict[str, Any]] = [{"remove_index": {"index": each.name}} for each, _ in found if each != ready]
        actions.append({"add": {"index": ready.name, "alias": self.alias}})
        actions.append({"remove": {"index": ready.name, "alias": self.next_alias}})
        self._connection.ask("POST", "/_aliases", {"actions": actions}, timeout=_CREATING)

    def _all(self) -> list[tuple[Generation, frozenset[str]]]:
        told = self._connection.ask(
            "GET",
            f"/{self.alias}-v*",
            params={"filter_path": "*.aliases,*.mappings._meta,*.mappings.properties.*.type"},
        )
        found = []
        for name, about in told.items():
            if fit := self._name.fullmatch(name):
                held = about.get("mappings", {})
                meta, fields = held.get("_meta", {}), frozenset(held.get("properties", {}))
                generation = Generation(
                    name, int(fit[1]), int(fit[2]), bool(meta.get("owed")), fields,
                    meta.get("site"), str(meta.get("owner", "")),
                )  # fmt: skip
                self._refuse_if_foreign(generation)
                found.append((generation, frozenset(about.get("aliases", {}))))
        return found

    def _refuse_if_foreign(self, generation: Generation) -> None:
        if self._site is not None and generation.site not in (None, self._site):
            raise WrongUse(
                N_(
                    "Chỉ mục {index} trên {server} tại {where} là của một kho khác: {owner} (mã kho {site}); không ghi "
                    "gì vào đó. Hãy đặt DIACHI_OPENSEARCH_INDEX của kho này là một tên khác; hoặc, nếu kho kia không "
                    "còn dùng, hãy xóa các chỉ mục {index}-v* trên máy chủ đó."
                ),
                index=self.alias, server=SERVER, where=self._connection.where,
                owner=generation.owner or "?", site=generation.site or "",
            )  # fmt: skip

    def _newest(self, found: list[tuple[Generation, frozenset[str]]], alias: str) -> Generation | None:
        having = [each for each, aliases in found if alias in aliases]
        return max(having, key=lambda each: each.number, default=None)

    def _create(self, alias: str) -> None:
        number = max((each.number for each, _ in self._all()), default=0) + 1
        body = {
            "settings": settings(self._shards, self._replicas, self._processors()),
            "mappings": mapping(self._replicas) | {"_meta": self._meta(VERSION, owed=False)},
            "aliases": {alias: {}},
        }
        try:
            self._connection.ask("PUT", f"/{self.alias}-v{VERSION}-{number}", body, timeout=_CREATING)
        except StoreFailed as error:
            if "resource_already_exists" not in str(error):  # another process was quicker
                raise

    def _processors(self) -> int:
        """Of the smallest node."""
        told = self._connection.ask("GET", "/_nodes/os", params={"filter_path": "nodes.*.os.allocated_processors"})
        return min((int(node["os"]["allocated_processors"]) for node in told.get("nodes", {}).values()), default=2)

    def _meta(self, version: int, *, owed: bool) -> dict[str, Any]:
        whose = {"site": self._site, "owner": self._owner} if self._site is not None else {}
        return {"version": version, "owed": owed, **whose}

    def _note(self, generation: Generation, *, owed: bool) -> None:
        meta = self._meta(generation.version, owed=owed)
        try:
            self._connection.ask("PUT", f"/{generation.name}/_mapping", {"_meta": meta})
        except IndexMissing:
            return  # another process began anew meanwhile, and has it owed everything too

    def _delete(self, generation: Generation) -> None:
        try:
            self._connection.ask("DELETE", f"/{generation.name}", timeout=_CREATING)
        except IndexMissing:
            return
