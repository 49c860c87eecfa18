"""Tesseract behind the port: the one place that knows its command line, its table of words and its complaints."""

import hashlib
import re
import subprocess
import tempfile
import unicodedata
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import pytesseract

from ocr.clean_page import CleanPage
from ocr.rubbish import without_rubbish
from repository.domain.errors import N_, EngineFailed
from repository.domain.pages import PageText, Reading, Word

LAUNCHER = Path(__file__).parent / "launch" / "tesseract"
pytesseract.pytesseract.tesseract_cmd = str(LAUNCHER)

LSTM = 1  # --oem: the neural engine; the model has no other
OUT_OF_MEMORY = "alloc fail"
OUT_OF_MEMORY_SENTENCE = N_(
    "Tesseract hết bộ nhớ khi đọc trang; hãy thử lại khi máy rảnh hơn hoặc quét trang ở độ phân giải thấp hơn."
)
PROBE_SECONDS = 30
SMALLEST_SIDE = 8
WORD_ROW = "5"

Settings = dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Installed:
    """The Tesseract found on PATH: its version and the folder its models lie in."""

    version: str
    models: Path


@cache
def installed() -> Installed:
    """Ask Tesseract who it is, once a process. Raises EngineFailed when it is not there."""
    version, languages = _probe("--version"), _probe("--list-langs")
    number = re.search(r"tesseract v?(\S+)", version)
    folder = re.search(r'in "(.+)"', languages)
    if not number or not folder:
        raise EngineFailed(N_("Không nhận ra phiên bản Tesseract trên máy này. Hãy cài Tesseract 5 trở lên."))
    return Installed(number[1], Path(folder[1]))


def _probe(option: str) -> str:
    try:
        done = subprocess.run([LAUNCHER, option], capture_output=True, text=True, timeout=PROBE_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineFailed(
            N_("Không chạy được Tesseract để nhận dạng chữ. Hãy cài gói tesseract-ocr và tesseract-ocr-vie.")
        ) from error
    return done.stdout + done.stderr


@cache
def model_mark(language: str) -> str:
    """`vie sha256:…` of the model file, so that a text tells which model of that name read it."""
    marks = []
    for name in language.split("+"):
        file = installed().models / f"{name}.traineddata"
        try:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise EngineFailed(
                N_("Tesseract chưa có mô hình chữ “{model}”. Hãy cài gói tesseract-ocr-{model}."), model=name
            ) from error
        marks.append(f"{name} sha256:{digest[:16]}")
    return " + ".join(marks)


class Tesseract:
    """The `OcrEngine` that ships with the house.

    `language` is a model's name or several joined by `+`; `psm` is Tesseract's page segmentation mode (3: find columns
    and lines, no turning); `timeout` is in seconds for one page. Holds no state: any thread or process may use it.
    """

    def __init__(self, language: str = "vie", *, psm: int = 3, timeout: float = 180.0) -> None:
        self.language, self.psm, self.timeout = language, psm, timeout

    @property
    def reading(self) -> Reading:
        """Version, model and the settings that hold for every page. Raises EngineFailed when something is missing."""
        settings: Settings = {"language": self.language, "psm": self.psm, "oem": LSTM}
        return Reading(f"tesseract {installed().version}", model_mark(self.language), settings)

    def read(self, page: CleanPage) -> PageText:
        """Read one page. Raises EngineFailed after `timeout` seconds, on a crash, or when Tesseract is missing."""
        reading = self.reading
        of_page: Settings = {"cleaning": "+".join(page.applied), "dpi": page.dpi}
        reading = replace(reading, settings={**reading.settings, **of_page})
        words = () if min(page.pixels.shape) < SMALLEST_SIDE else _words(self._table(page), page)
        return PageText(page.to_master.width, page.to_master.height, without_rubbish(words), reading)

    def _table(self, page: CleanPage) -> str:
        config = f"--oem {LSTM} --psm {self.psm} --dpi {page.dpi} -c tessedit_create_tsv=1"
        with tempfile.TemporaryDirectory(prefix="tesseract-") as folder:
            # Uncompressed: packing and unpacking a PNG costs as much as cleaning the page.
            file, log = Path(folder, "page.tif"), Path(folder, "page.tif.log")
            cv2.imwrite(str(file), page.pixels, (cv2.IMWRITE_TIFF_COMPRESSION, 1))
            try:
                table = pytesseract.run_and_get_output(
                    str(file), extension="tsv", lang=self.language, config=config, timeout=self.timeout
                )
            except pytesseract.TesseractError as error:
                raise _failure(error, log.read_text(errors="replace")) from error
            except RuntimeError as error:  # what pytesseract raises when time is up
                raise EngineFailed(
                    N_("Tesseract chưa đọc xong trang sau {seconds} giây nên đã bị dừng."), seconds=self.timeout
                ) from error
            except (OSError, UnicodeDecodeError) as error:
                raise EngineFailed(
                    N_("Tesseract chạy nhưng không trả về chữ của trang ({detail})."), detail=str(error)
                ) from error
            if OUT_OF_MEMORY in log.read_text(errors="replace"):
                raise EngineFailed(OUT_OF_MEMORY_SENTENCE)
        return str(table)


def _failure(error: pytesseract.TesseractError, log: str) -> EngineFailed:
    """What to tell of a Tesseract that ended badly."""
    if OUT_OF_MEMORY in log or "bad_alloc" in log:
        return EngineFailed(OUT_OF_MEMORY_SENTENCE)
    if error.status < 0:
        return EngineFailed(N_("Tesseract bị dừng đột ngột khi đọc trang (tín hiệu {signal})."), signal=-error.status)
    detail = log.strip()[-300:]
    return EngineFailed(
        N_("Tesseract không đọc được trang (mã {status}): {detail}"), status=error.status, detail=detail
    )


def _words(table: str, page: CleanPage) -> tuple[Word, ...]:
    """The rows of words of Tesseract's TSV; lines and blocks numbered anew over the page, empty ones left out."""
    words: list[Word] = []
    blocks: dict[str, int] = {}
    lines: dict[tuple[str, str, str], int] = {}
    for row in table.splitlines()[1:]:
        cells = row.split("\t", 11)
        if len(cells) != 12 or cells[0] != WORD_ROW or not (text := cells[11].strip()):
            continue
        block = blocks.setdefault(cells[2], len(blocks))
        line = lines.setdefault((cells[2], cells[3], cells[4]), len(lines))
        box = page.to_master.box(*(float(cell) for cell in cells[6:10]))
        words.append(Word(unicodedata.normalize("NFC", text), box, max(float(cells[10]), 0.0), line, block))
    return tuple(words)
