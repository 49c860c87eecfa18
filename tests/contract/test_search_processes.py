"""Indexes among processes: killed writers, readers beside a writer."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from search_samples import Opener, filled, found, page, search

from repository.domain.errors import StoreFailed
from repository.search.opensearch_index import OpenSearchIndex
from repository.search.port import SearchIndex
from repository.search.tantivy_index import TantivyIndex

WRITER = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from search_samples import page
from repository.search.opensearch_index import OpenSearchIndex
from repository.search.tantivy_index import TantivyIndex
index = {index}
for at in range(10_000):
    index.put([page(f"trang {{at}} viết " * 20, f"p{{at}}", number=at)])
    if at % 50 == 49:
        index.commit()
        print(at + 1, flush=True)
"""


def start_writer(index: SearchIndex) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    if isinstance(index, OpenSearchIndex):
        made = f"OpenSearchIndex({index.urls!r}, {index.alias!r})"
    else:
        assert isinstance(index, TantivyIndex)
        made = f"TantivyIndex(Path({str(index.folder)!r}))"
    code = WRITER.format(paths=[str(root), str(root / "tests")], index=made)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.fault
def test_a_killed_writer_leaves_an_index_at_a_commit_and_no_lock(opener: Opener) -> None:
    dice = random.Random(3)
    committed = 0
    for _ in range(3):
        index = opener()
        with start_writer(index) as writer:
            assert writer.stdout is not None
            for _ in range(dice.randint(1, 3)):
                committed = int(writer.stdout.readline())
            time.sleep(dice.random() / 50)  # somewhere inside the next commit
            os.kill(writer.pid, signal.SIGKILL)
        assert index.count() % 50 == 0
        assert search(index, "trang viết").total == index.count() >= committed
        filled(index, [page(f"trang {at} viết " * 20, f"p{at}", number=at) for at in range(200)])
        filled(index, [page("sau khi chết", "after")])
        assert search(index, "chết").total == 1
        index.remove_page("after")
        index.commit()
        assert index.count() % 50 == 0
        index.close()


@pytest.mark.fault
def test_another_process_sees_a_commit_within_a_second(opener: Opener) -> None:
    reader = opener()
    with start_writer(reader) as writer:
        assert writer.stdout is not None
        for _ in range(3):
            committed = int(writer.stdout.readline())
            assert search(reader, "trang viết").total >= committed
        writer.kill()
    filled(reader, [page("nay thì được", "now")])
    assert found(reader, "được") == ["now"]


@pytest.mark.fault
def test_one_process_at_a_time_writes_into_a_folder(tmp_path: Path) -> None:
    reader = TantivyIndex(tmp_path)
    with start_writer(reader) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(StoreFailed, match="tiến trình khác"):
            reader.put([page("chen vào")])
        writer.kill()
    filled(reader, [page("nay thì được", "now")])
    assert search(reader, "được").total == 1
    reader.close()
