"""How a process that serves for a long time keeps its memory."""

import gc

WEB_THREADS = 8  # of a web process; see `app.gates` for what each may do


def settle() -> None:
    """Call once all code is loaded and the site is open: what is there now will stay, so the collector need not walk
    through it again and again, and it looks at what requests leave behind less often. Cuts the slowest searches."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
