"""A PDF with text of its own goes through the steps of a batch without being read."""

from pathlib import Path

from legacy_pdfs import Font, Maker, abc_runs, wrapped
from ocr_pages import TEXT
from people import ADMIN

from config.services import Services
from ingest.worker import Worker
from ocr.clean_page import CleanPage
from ocr.text_layer import ENGINE
from repository.domain.legacy_tables import Encoding
from repository.domain.pages import PageText, Reading

ABC, ABC_H = Font(".VnTime", Encoding.TCVN3), Font(".VnTimeH", Encoding.TCVN3, capitals=True)


class Unread:
    """An engine that must not be asked."""

    reading = Reading("none", "")

    def read(self, page: CleanPage) -> PageText:
        raise AssertionError("a page with good text of its own was read")


def test_a_page_with_good_text_keeps_it(site: Services, tmp_path: Path) -> None:
    maker = Maker()
    for number, line in enumerate(wrapped(TEXT.split(), 420, 12)):
        maker.line(60, 780 - 18 * number, abc_runs(line, ABC, ABC_H), 12)
    path = maker.save(tmp_path / "hương ước.pdf")
    batch = site.intake.open_batch(ADMIN, "PDF", "TV")
    with path.open("rb") as stream:
        site.intake.receive(ADMIN, batch.id, path.name, stream)
    site.intake.close(ADMIN, batch.id)

    worker = Worker(site, Unread(), "w1")
    while worker.work_once():
        pass

    with site.ledger.read() as work:
        (page,) = work.pages.of_batch(batch.id)
        text = work.texts.current([page.id])[page.id]
    assert [word.text for word in text.words] == TEXT.split()
    assert (text.reading.engine, text.reading.settings["encoding"]) == (ENGINE, "tcvn3")
    assert (text.width, text.height) == (page.width, page.height)
