"""Runs a piece of work in a process that may die: under a memory and a time limit, its answer as JSON.

For files whose structure could crash, hang or bloat a library: `python -m repository.scans.probe` does the work.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from repository.domain import errors
from repository.domain.errors import EngineFailed, InputRefused
from repository.scans.limits import Limits

_ROOT = Path(__file__).parents[2]


def run_apart(task: str, request: dict[str, object], limits: Limits, broken: InputRefused) -> dict[str, object]:
    """Let a limited process do `task`; its answer.

    Raises the `InputRefused` that the task raised, `broken` when the process died of the file (memory, crash),
    `EngineFailed` when it ran out of time or could not start.
    """
    places = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    ask = {"task": task, "memory": limits.tool_memory, "seconds": limits.tool_seconds, **request}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "repository.scans.probe"],
            input=json.dumps(ask).encode(),
            capture_output=True,
            timeout=limits.tool_seconds,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "OPENBLAS_NUM_THREADS": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise EngineFailed(_TOO_SLOW, seconds=limits.tool_seconds) from late
    if done.returncode != 0:
        broken.add_note(done.stderr.decode(errors="replace")[-2000:])
        raise broken
    answer: dict[str, object] = json.loads(done.stdout)
    refused = answer.get("refused")
    if isinstance(refused, dict):
        kind: type[InputRefused] = getattr(errors, refused["kind"])
        raise kind(refused["template"], **refused["params"])
    return answer


_TOO_SLOW = errors.N_(
    "Xem xét tệp quá {seconds} giây vẫn chưa xong; hệ thống sẽ thử lại, nếu vẫn vậy hãy xuất lại tệp rồi gửi lại."
)
