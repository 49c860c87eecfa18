"""The whole hard collection, and worse, through the ordinary pipeline: every file taken in or refused, nobody dies."""

import json
import shutil
import subprocess
import threading
import unicodedata
import zipfile
from pathlib import Path

import pytest
from live_site import DIACHI, descendants
from people import ADMIN
from shared_data import SHARED

from config.services import build_services
from config.settings import Settings
from repository.domain.batches import BatchState, FileState

pytestmark = pytest.mark.slow

MOST_MEMORY_MB = 1500
SCAN = SHARED / "ocr-dev" / "001.jpg"
OTHER_SCAN = SHARED / "ocr-dev" / "003.jpg"
NFD_NAME = unicodedata.normalize("NFD", "hương ước làng Yên Sở 📜.tif")

# Files of the hard collection that cannot be pages; every other one gives at least a page.
REFUSED = {
    "ocrmypdf/invalid.pdf", "ocrmypdf/linn.txt", "pikepdf/378014596.pdf", "pikepdf/graph-encrypted.pdf",
    "pillow/crash-0c7e0e8e11ce787078f00b5b0ca409a167f070e0.tif", "pillow/decompression_bomb.gif",
    "pillow/decompression_bomb.ico", "pillow/duplicate_xref_entry.pdf", "pillow/not_enough_data.jp2",
    "pillow/oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif", "pillow/trailer_loop.pdf",
    "pillow/truncated_image.png", "pillow/truncated_jpeg.jpg",
}  # fmt: skip
# A page that cannot be drawn is set aside by itself.
SET_ASIDE = {"pikepdf/cyclic-toc.pdf"}
MADE_REFUSED = {
    "trống.tif": "rỗng",
    "thực ra là chữ.pdf": "văn bản thuần",
    "tiếng hát then.mp3": "âm thanh",
    "lễ hội.mp4": "phim",
}


def make_worse(folder: Path) -> None:
    folder.mkdir()
    (folder / "trống.tif").touch()
    (folder / "thực ra là chữ.pdf").write_text("Địa chí không phải PDF", "utf-8")
    shutil.copy(SCAN, folder / "thực ra là ảnh.pdf")
    shutil.copy(SHARED / "ocr-dev" / "005.tif", folder / NFD_NAME)
    (folder / "tiếng hát then.mp3").write_bytes(b"ID3\x03\0\0\0\0\0\x0f" + b"\xff\xfb\x90\x64" * 400)
    (folder / "lễ hội.mp4").write_bytes(b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2" + b"\0" * 4000)
    with zipfile.ZipFile(folder / "thoát.zip", "w") as archive:
        archive.writestr("../../../etc/cron.d/diachi", "* * * * * root true")
        archive.write(OTHER_SCAN, "DC77_0001.jpg")
    with zipfile.ZipFile(folder / "bom.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.tif", "w") as bomb:
        for _ in range(600):
            bomb.write(bytes(1 << 20))


def peak_memory(pid: int, done: threading.Event, peaks: dict[str, int]) -> None:
    """Highest resident memory in MB of every process below `pid`, by command line."""
    while not done.wait(0.05):
        for child in descendants(pid):
            try:
                name = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")[:120]
                status = Path(f"/proc/{child}/status").read_text()
            except OSError:
                continue
            if "VmHWM:" in status:
                peaks[name] = max(peaks.get(name, 0), int(status.partition("VmHWM:")[2].split()[0]) >> 10)


def test_every_file_is_taken_in_or_refused_with_a_sentence_and_nobody_dies(tmp_path: Path) -> None:
    scans, data = tmp_path / "scans", tmp_path / "data"
    for kind in ("ocrmypdf", "pikepdf", "pillow"):
        shutil.copytree(SHARED / "hard" / kind, scans / kind)
    make_worse(scans / "tự làm")
    command = subprocess.Popen(
        [DIACHI, "--data", data, "ingest", scans, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    done, peaks = threading.Event(), dict[str, int]()
    watcher = threading.Thread(target=peak_memory, args=(command.pid, done, peaks))
    watcher.start()
    said, _ = command.communicate(timeout=900)
    done.set()
    watcher.join()
    assert command.returncode == 1
    report = json.loads(said.splitlines()[-1])

    services = build_services(Settings(data=data))
    assert services.intake.batch(ADMIN, report["batch"]).state is BatchState.DONE
    files = {file.name: file for file in services.intake.files(ADMIN, report["batch"])}
    refused = {name for name, file in files.items() if file.state is FileState.REFUSED}
    taken = {name for name, file in files.items() if file.state is FileState.TAKEN}
    assert refused | taken == set(files)
    assert {name for name in refused if not name.startswith(("tự làm", "thoát", "bom"))} == REFUSED
    aside = {each["where"].rsplit(",", 1)[0] for each in report["set_aside"]}
    assert aside == SET_ASIDE
    for name in refused:
        assert str(files[name].reason).rstrip().endswith("."), name
    for name, words in MADE_REFUSED.items():
        assert words in str(files[f"tự làm/{name}"].reason), name
    made = {Path(name).name for name in taken if name.startswith(("tự làm", "thoát"))}
    assert made == {"thực ra là ảnh.pdf", unicodedata.normalize("NFC", NFD_NAME), "DC77_0001.jpg"}
    assert "bom/a.tif" in refused
    for name, file in files.items():
        with services.intake.original(ADMIN, file.id)[1] as stream:
            assert len(stream.read(16)) == min(16, services.masters.size(file.sha256)), name
    assert "ended" not in (data / "workers.log").read_text(), "a worker died"
    assert {name: peak for name, peak in peaks.items() if peak > MOST_MEMORY_MB} == {}
    services.ledger.close()
