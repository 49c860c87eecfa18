"""The table of the search benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timed:
    """One query's cost: seconds on the clock and of processor time, here and at the peer (None if not asked)."""

    kind: str
    wall: float
    cpu: float
    peer: float | None


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(timed: Sequence[Timed]) -> str:
    """Milliseconds by kind of query, as Markdown."""
    lines = [
        "| queries | n | p50 | p95 | p99 | CPU p50 | CPU p95 | FTS5 p50 | FTS5 p95 | p95 ratio |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    kinds = list(dict.fromkeys(entry.kind for entry in sorted(timed, key=lambda entry: entry.kind)))
    for kind in [*kinds, "**all**"]:
        group = [entry for entry in timed if kind in (entry.kind, "**all**")]
        wall, cpu = [entry.wall for entry in group], [entry.cpu for entry in group]
        peer = [entry.peer for entry in group if entry.peer is not None]
        cells = [percentile(wall, share) * 1e3 for share in (0.5, 0.95, 0.99)]
        cells += [percentile(cpu, share) * 1e3 for share in (0.5, 0.95)]
        shown = [f"{cell:.1f}" for cell in cells]
        if peer:
            shown += [f"{percentile(peer, share) * 1e3:.1f}" for share in (0.5, 0.95)]
            shown.append(f"{percentile(wall, 0.95) / percentile(peer, 0.95):.2f}")
        else:
            shown += ["–"] * 3
        lines.append(f"| {kind} | {len(group)} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def plain_table(timed: Sequence[Timed]) -> str:
    """Milliseconds on the clock by kind of query, as Markdown."""
    lines = ["| queries | n | p50 | p95 | p99 |", "|---|---|---|---|---|"]
    kinds = sorted({entry.kind for entry in timed})
    for kind in [*kinds, "**all**"]:
        wall = [entry.wall for entry in timed if kind in (entry.kind, "**all**")]
        cells = [f"{percentile(wall, share) * 1e3:.0f}" for share in (0.5, 0.95, 0.99)]
        lines.append(f"| {kind} | {len(wall)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
