"""For processes under libfaketime: time.sleep without clock_nanosleep, which it answers with EINVAL when it leaves the
monotonic clock alone."""

import select
import time


def _sleep(seconds: float) -> None:
    if seconds > 0:
        select.select([], [], [], seconds)


time.sleep = _sleep
