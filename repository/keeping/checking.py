"""Is everything in a place still what it was? And taking away what no run names any more."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from repository.domain.errors import DiachiError, ServerUnreachable, StoreFailed
from repository.keeping.copying import Tick
from repository.keeping.manifest import Manifest
from repository.keeping.parts import damaged, read_parts
from repository.keeping.places import Place
from repository.storage.measuring import digest_of

FEW = 20


@dataclass(slots=True)
class Checked:
    """What was read again: runs, objects and their bytes; how many are wrong, and sentences about the first FEW."""

    snapshots: int = 0
    objects: int = 0
    size: int = 0
    wrong: int = 0
    problems: list[str] = field(default_factory=list)

    def tell(self, problem: DiachiError) -> None:
        """Note what is wrong."""
        self.wrong += 1
        if len(self.problems) < FEW:
            self.problems.append(str(problem))


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was taken away."""

    objects: int
    size: int


def check(place: Place, tick: Tick) -> Checked:
    """Read all that any run names, each object once, and compare it with its SHA-256. Keys are held in memory, 32 bytes
    each. Raises ServerUnreachable; what is wrong is told."""
    found, seen = Checked(), set[bytes]()
    for snapshot in place.snapshots():
        try:
            manifest = place.manifest(snapshot)
        except StoreFailed as problem:
            found.tell(problem)
            continue
        found.snapshots += 1
        for part in manifest.parts:
            _check_once(place, part.key, part.size, seen, found)
        for key, size in _listed(place, manifest, found):
            tick()
            _check_once(place, key, size, seen, found)
    return found


def prune(place: Place, tick: Tick) -> Pruned:
    """Take away every object that no run names. Call it only while nobody backs up there. Raises StoreFailed when a
    run cannot be read to its end: what it names is not known then, and nothing goes."""
    named = set[bytes]()
    for snapshot in place.snapshots():
        manifest = place.manifest(snapshot)
        named.update(bytes.fromhex(part.key) for part in manifest.parts)
        for line in read_parts(manifest.objects.parts, place.objects):
            named.add(bytes.fromhex(line.split()[1]))
    objects = size = 0
    for key in place.objects.keys():  # noqa: SIM118 - a store, no dictionary
        tick()
        if bytes.fromhex(key) not in named:
            size += place.objects.size(key)
            place.objects.delete(key)
            objects += 1
    return Pruned(objects, size)


def _listed(place: Place, manifest: Manifest, found: Checked) -> Iterator[tuple[str, int]]:
    """What the run's lists name. A list that is damaged was told already."""
    for part in manifest.objects.parts:
        try:
            for line in read_parts([part], place.objects):
                _, key, size = line.split()
                yield key, int(size)
        except ServerUnreachable:
            raise
        except StoreFailed as problem:
            found.tell(problem)


def _check_once(place: Place, key: str, size: int, seen: set[bytes], found: Checked) -> None:
    if bytes.fromhex(key) in seen:
        return
    seen.add(bytes.fromhex(key))
    try:
        with place.objects.open(key) as stream:
            if digest_of(stream) != (key, size):
                raise damaged(key)
    except StoreFailed as problem:
        found.tell(problem)
    else:
        found.objects += 1
        found.size += size
