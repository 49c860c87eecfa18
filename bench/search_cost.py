"""Processor time of servers: what a search costs however busy the machine is with other things."""

import os
from pathlib import Path


def processor_seconds(pid: int) -> float:
    """What a process and its living children have used so far."""
    return sum(_ticks(each) for each in (pid, *_children(pid))) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def _ticks(pid: int) -> int:
    used, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return int(used) + int(system)
