"""While a server is down: what readers and staff are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from app.language import translate
from config.pinging import Answer, Pings, parts_of
from repository.domain.errors import N_, DiachiError, ServerUnreachable, StoreFailed

RETRY_SECONDS = 20
SERVERS: Mapping[str, str] = {
    "PostgreSQL": "ledger", "MinIO": "derivatives", "OpenSearch": "index", "Redis": "queue",
}  # fmt: skip
FOR_READERS = {
    "ledger": N_("Kho tài liệu đang tạm ngừng vì sổ danh mục không trả lời. Tài liệu vẫn còn nguyên; hãy quay lại sau "
                 "ít phút."),
    "derivatives": N_("Ảnh trang có thể tạm không hiện vì kho lưu trữ ảnh không trả lời. Văn bản và tìm kiếm vẫn dùng "
                      "được; hãy thử lại sau ít phút."),
    "index": N_("Tìm kiếm đang tạm ngừng vì máy chủ tìm kiếm không trả lời. Vẫn xem được tài liệu, trang và ảnh; hãy "
                "thử tìm lại sau ít phút."),
}  # fmt: skip
FOR_STAFF = {
    "masters": N_("{server} không dùng được: chưa nhận được tệp mới, các trang đang xử lý phải chờ. Không mất gì; khi "
                  "{server} chạy lại, việc tự tiếp tục."),
    "index": N_("{server} không dùng được: bạn đọc chưa tìm kiếm được, trang mới chưa vào chỉ mục. Việc nhận dạng vẫn "
                "chạy; khi {server} chạy lại, chỉ mục tự bù."),
    "queue": N_("{server} không dùng được: việc được lấy thẳng từ sổ cái nên vẫn chạy, chỉ chậm hơn. Hãy khởi động lại "
                "{server}; không mất việc nào."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """What staff are told of a part that is down: what it means and, in the server's own case, why."""

    part: str
    meaning: str
    reason: str


def init(app: Flask) -> None:
    """Keep an eye on the servers."""
    app.extensions["pings"] = Pings(parts_of(app.extensions["services"]))
    app.context_processor(lambda: {"outages": for_staff, "reader_notice": reader_notice})


def pings() -> Pings:
    """Who knows which servers answer."""
    found: Pings = current_app.extensions["pings"]
    return found


def part_of(error: DiachiError) -> str:
    """The part of the site that failed; "" when the error does not say."""
    return SERVERS.get(str(error.params.get("server", "")), "")


def is_outage(error: DiachiError) -> bool:
    """Whether a server is away, or refuses: it passes, and is nobody's mistake."""
    return isinstance(error, ServerUnreachable | StoreFailed) and "server" in error.params


def is_of_the_ledger(error: DiachiError) -> bool:
    """Whether nothing that asks the ledger can be shown."""
    return is_outage(error) and part_of(error) == "ledger"


def heard(error: DiachiError) -> str:
    """Note a failure that a request met; gives the part's name."""
    if isinstance(error, ServerUnreachable):
        pings().heard(str(error.params.get("server", "")), error)
    return part_of(error)


def reader_notice(part: str) -> str:
    """The sentence for readers while that part is down; "" while it is well."""
    answer = pings().known().get(part)
    return "" if answer is None or answer.ok else sentence_for_readers(part)


def do_without(part: str) -> bool:
    """Whether there is no sense in asking that part: it has been away for a while."""
    answer = pings().known().get(part)
    return answer is not None and answer.steadily_down


def sentence_for_readers(part: str) -> str:
    """What readers are told of a part that is down."""
    template = FOR_READERS.get(part, N_("Một máy chủ của kho đang tạm ngừng; hãy thử lại sau ít phút."))
    return translate(StoreFailed(template))


def for_staff() -> list[Notice]:
    """A notice for each part that is down."""
    answers = pings().known().values()
    return [_notice(answer) for answer in answers if not answer.ok and answer.part.name in FOR_STAFF]


def _notice(answer: Answer) -> Notice:
    meaning = StoreFailed(FOR_STAFF[answer.part.name], server=answer.part.server)
    return Notice(answer.part.name, translate(meaning), translate(answer.error) if answer.error else "")
