"""`python -m ocr FILE… --out DIR`: reads images and PDFs without any repository.

Leaves `DIR/NAME.txt` for each file, pages parted by form feeds. Exit code 0 when all was read, 1 when some page or file
could not be (one Vietnamese line each on stderr; the others are done), 2 for wrong use.
"""

import argparse
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from ocr.page_reading import read_page_text
from repository.domain.errors import N_, DiachiError, EngineFailed, InputRefused
from repository.scans import Scan, open_scan

Answer = str | DiachiError


def main(argv: list[str] | None = None) -> int:
    """Read the files named on the command line; gives the exit code."""
    options = _options(argv)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"{options.out}: không tạo được thư mục kết quả ({error.strerror}).", file=sys.stderr)
        return 2
    failed = False
    # Each process starts afresh: libvips, already used here, does not survive a fork.
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        waiting = [(path, _begin(path, options.lang, pool)) for path in options.files]
        names = _names(options.files)
        for path, pages in waiting:
            answers = list(_answers(pages))
            failed |= _tell(path, answers)
            if any(isinstance(answer, str) for answer in answers):
                text = "\f".join(answer if isinstance(answer, str) else "" for answer in answers)
                (options.out / names[path]).write_text(text + "\n", "utf-8")
    return int(failed)


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ocr", description="Đọc chữ trong ảnh quét và PDF.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="ảnh (TIFF, JPEG, PNG, JPEG 2000) hoặc PDF")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="thư mục nhận NAME.txt của từng tệp")
    parser.add_argument("--lang", default="vie", help="mô hình của Tesseract, mặc định: vie")
    parser.add_argument("--jobs", type=_count, default=os.cpu_count() or 1, help="số tiến trình, mặc định: số nhân")
    return parser.parse_args(argv)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _names(files: list[Path]) -> dict[Path, str]:
    """`page.txt` for `page.jpg`; `page.jpg.txt` where two files would get the same name."""
    stems = Counter(path.stem for path in dict.fromkeys(files))
    return {path: f"{path.stem if stems[path.stem] == 1 else path.name}.txt" for path in files}


def _begin(path: Path, language: str, pool: ProcessPoolExecutor) -> list[Future[Answer] | DiachiError]:
    """Have every page of the file read; a page that is known to be broken answers at once."""
    try:
        scan: Scan = open_scan(path, path.name)
    except OSError as error:
        return [InputRefused(N_("Không mở được tệp ({detail})."), detail=error.strerror or str(error))]
    except DiachiError as error:
        return [error]
    return [page.problem or pool.submit(read_page_text, path, page.index, language) for page in scan.pages]


def _answers(pages: list[Future[Answer] | DiachiError]) -> Iterator[Answer]:
    for page in pages:
        try:
            yield page if isinstance(page, DiachiError) else page.result()
        except BrokenProcessPool:
            yield EngineFailed(N_("Một tiến trình đọc bị dừng đột ngột nên trang này chưa được đọc; hãy chạy lại."))


def _tell(path: Path, answers: list[Answer]) -> bool:
    """Print why pages could not be read, one line each; whether there were any."""
    failed = False
    for number, answer in enumerate(answers, 1):
        if isinstance(answer, DiachiError):
            where = f"{path}, trang {number}" if len(answers) > 1 else str(path)
            print(f"{where}: {answer}", file=sys.stderr)
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
