"""The limited process of `repository.scans.apart`: reads one request on stdin, prints one answer. Not for people."""

import json
import resource
import sys
from pathlib import Path

from repository.domain.errors import InputRefused
from repository.scans.limits import Limits


def main() -> int:
    """Set the limits asked for, do the task, print its answer as JSON; 0 unless something broke."""
    ask = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (ask["memory"], ask["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (ask["seconds"], ask["seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = _do(ask)
    except InputRefused as refused:
        answer = {"refused": {"kind": type(refused).__name__, "template": refused.template, "params": refused.params}}
    json.dump(answer, sys.stdout)
    return 0


def _do(ask: dict[str, object]) -> dict[str, object]:
    path = Path(str(ask["path"]))
    if ask["task"] == "pdf":
        from repository.scans.pdf import structure

        return structure(path, str(ask["name"]), ask["passwords"], ask["max_pages"])  # type: ignore[arg-type]
    if ask["task"] == "text":
        from repository.scans.text_glyphs import page_glyphs

        width, height = int(str(ask["width"])), int(str(ask["height"]))
        return page_glyphs(path, int(str(ask["index"])), (width, height), bool(ask["extracted"]))
    from repository.scans.image import decode_to_file

    limits = Limits(max_pixels=int(str(ask["max_pixels"])))
    return decode_to_file(path, int(str(ask["frame"])), Path(str(ask["out"])), limits)


if __name__ == "__main__":
    sys.exit(main())
