"""A site from its backup: into an empty one, every checksum compared, begun again where it was broken off."""

from collections.abc import Iterator
from dataclasses import dataclass

from repository.db.dumping import Shape
from repository.db.journal import RESTORING
from repository.db.loading import loading, prepare
from repository.db.migrate import upgrade
from repository.domain.errors import N_, WrongUse
from repository.keeping.copying import Copied, NewMasters, Tick, copy_objects
from repository.keeping.filling import Site, clear_index, owe_what_is_missing, put_table, rebuild_index
from repository.keeping.manifest import Manifest
from repository.keeping.parts import read_parts
from repository.keeping.places import Place

LACKING = "restore.lacking"  # which restore ended without some masters; done again, it looks for those


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: rows by table, masters and derivatives with what could not be had, and how much work is owed to
    the workers."""

    tables: dict[str, int]
    masters: Copied
    derivatives: Copied
    owed: int

    @property
    def whole(self) -> bool:
        """Whether every master came back."""
        return not self.masters.missing_count


def restore(place: Place, manifest: Manifest, site: Site, who: str, tick: Tick) -> Restored:
    """Fill an empty site: the ledger in one transaction, then masters, derivatives, the index. Workers of the site wait
    meanwhile. Done again after it was killed, it goes on; done again after masters were missing, it looks for
    those once more.

    Raises WrongUse for a site that is not empty, an index of another site or a backup of a newer program, StoreFailed
    for a damaged backup (the site is empty then as before)."""
    site.index.claim(manifest.site)
    if _load(place, manifest, site, tick):
        clear_index(site)
    upgrade(site.engine)
    masters = _bring(place, manifest, "m", site, tick)
    derivatives = _bring(place, manifest, "d", site, tick)
    owed = owe_what_is_missing(site)
    rebuild_index(site, tick)
    with loading(site.engine) as filling:
        filling.unset(RESTORING)
        if masters.missing_count:
            filling.set(LACKING, manifest.snapshot)
        else:
            filling.unset(LACKING)
    with site.ledger.write() as work:
        work.journal.record(who, "restore", manifest.snapshot, masters=masters.there, missing=masters.missing_count)
    return Restored({kept.name: kept.rows for kept in manifest.tables}, masters, derivatives, owed)


def _load(place: Place, manifest: Manifest, site: Site, tick: Tick) -> bool:
    """Load the ledger; False when it is there already."""
    prepare(site.engine, manifest.revision)
    with loading(site.engine) as filling:
        begun = filling.setting(RESTORING) or filling.setting(LACKING)
        if begun == manifest.snapshot:
            filling.set(RESTORING, manifest.snapshot)
            return False
        if begun is not None:
            raise WrongUse(N_("Ở đây đang khôi phục dở bản {name}; hãy làm tiếp bằng --snapshot {name}."), name=begun)
        if filling.in_use():
            raise WrongUse(
                N_("Kho này đã có dữ liệu; chỉ khôi phục vào một kho trống (thư mục mới, cơ sở dữ liệu mới).")
            )
        if filling.revision() != manifest.revision:
            raise WrongUse(
                N_("Cơ sở dữ liệu này đã ở dạng khác với bản sao lưu; hãy tạo một cơ sở dữ liệu mới, trống.")
            )
        filling.clear()
        for kept in manifest.tables:
            lines = read_parts(kept.parts, place.objects)
            put_table(filling, Shape(kept.name, kept.columns), lines, tick, kept.digest)
        filling.settle()
        filling.drop_uploads()
        filling.set(RESTORING, manifest.snapshot)
    return True


def _bring(place: Place, manifest: Manifest, letter: str, site: Site, tick: Tick) -> Copied:
    """Bring back the objects of one kind."""

    def named() -> Iterator[tuple[str, int | None]]:
        for line in read_parts(manifest.objects.parts, place.objects):
            sort, key, size = line.split()
            if sort == letter:
                yield key, int(size)

    copied = Copied()
    target = NewMasters(site.ledger, site.masters) if letter == "m" else site.derivatives
    for _ in copy_objects(named(), place.objects, target, copied, tick):
        pass
    for key in manifest.objects.missing if letter == "m" else ():
        copied.miss(key)
    return copied
