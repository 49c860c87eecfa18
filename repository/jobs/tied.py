"""`python -m repository.jobs.tied PARENT PROGRAM…`: becomes PROGRAM, tied to the life of PARENT.

The tie survives exec, so that the program itself need not know of it."""

import os
import sys

from repository.jobs.pool import die_with

if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - a list of arguments, no shell
