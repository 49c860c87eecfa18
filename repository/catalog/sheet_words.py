"""The words a batch's table may use: headings, kinds, access levels and languages, in Vietnamese and in English."""

import re

from repository.domain.access import AccessLevel
from repository.domain.folding import clean, without_marks
from repository.domain.records import Kind

# column → heading in the Vietnamese template, in the English one, and what else is understood
HEADINGS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "file": ("Tệp", "File", ("tên tệp", "tập tin", "file name", "filename")),
    "code": ("Mã tài liệu", "Item", ("mã", "code", "item code")),
    "title": ("Nhan đề", "Title", ("tên tài liệu", "tên sách")),
    "author": ("Tác giả", "Author", ("creator",)),
    "kind": ("Loại", "Kind", ("loại tài liệu", "loại hình", "type")),
    "place": ("Địa danh", "Place", ("nơi",)),
    "date_text": ("Năm", "Year", ("năm xuất bản", "niên đại", "date")),
    "publisher": ("Nhà xuất bản", "Publisher", ("nxb", "nxb.")),
    "language": ("Ngôn ngữ", "Language", ("tiếng",)),
    "subjects": ("Chủ đề", "Subjects", ("từ khóa", "subject", "keywords")),
    "summary": ("Tóm tắt", "Summary", ("abstract",)),
    "access": ("Quyền truy cập", "Access", ("truy cập",)),
    "embargo_until": ("Ngày mở", "Embargo until", ("embargo",)),
    "source": ("Nguồn", "Source", ("nguồn gốc",)),
    "rights": ("Quyền", "Rights", ("bản quyền", "quyền tác giả")),
    "order": ("Thứ tự", "Order", ("số trang", "trang", "page")),
}

# as readers call them (Vietnamese, English), and what else is understood
KINDS: dict[Kind, tuple[str, ...]] = {
    Kind.BOOK: ("sách", "book"),
    Kind.EXTRACT: ("bài trích", "extract", "bài báo", "article"),
    Kind.SERIAL: ("báo, tạp chí", "serial", "báo", "tạp chí", "tập san", "đặc san", "newspaper", "magazine"),
    Kind.GAZETTEER: ("địa chí", "gazetteer", "sách địa chí"),
    Kind.LOCAL_HISTORY: ("lịch sử địa phương", "local history", "lịch sử đảng bộ", "truyền thống ngành"),
    Kind.MAP: ("bản đồ", "map"),
    Kind.PHOTO: ("ảnh", "photo", "bưu ảnh", "photograph", "postcard"),
    Kind.ROYAL_DECREE: ("sắc phong", "royal decree", "thần sắc"),
    Kind.DEITY_LEGEND: ("thần tích", "deity legend", "thần phả", "ngọc phả"),
    Kind.VILLAGE_CONVENTION: ("hương ước", "village convention", "tục lệ", "khoán ước"),
    Kind.GENEALOGY: ("gia phả", "genealogy", "tộc phả"),
    Kind.LAND_REGISTER: ("địa bạ", "land register"),
    Kind.POLL_REGISTER: ("đinh bạ", "poll register"),
    Kind.INSCRIPTION: ("văn bia", "inscription"),
    Kind.RUBBING: ("thác bản", "rubbing", "bản dập"),
    Kind.INSCRIBED_OBJECT: ("hoành phi, câu đối", "inscribed object", "hoành phi", "câu đối", "chuông", "khánh"),
    Kind.ARCHIVAL_DOC: ("văn bản lưu trữ", "archival document", "châu bản", "văn bản hành chính", "archival doc"),
    Kind.THESIS: ("luận án, luận văn", "thesis", "luận án", "luận văn", "khóa luận"),
    Kind.PROCEEDINGS: ("kỷ yếu", "proceedings", "kỷ yếu hội thảo"),
    Kind.REPORT: ("đề tài nghiên cứu", "report", "báo cáo", "đề tài"),
    Kind.FIELD_NOTES: ("tư liệu điền dã", "field notes", "thư tịch"),
}

ACCESS: dict[AccessLevel, tuple[str, ...]] = {
    AccessLevel.PUBLIC: ("công khai", "public", "mở", "tự do", "open"),
    AccessLevel.NETWORK: ("mạng thành viên", "network", "thư viện thành viên", "liên hiệp", "liên thông"),
    AccessLevel.ONSITE: ("tại chỗ", "onsite", "on site", "tại thư viện", "đọc tại chỗ"),
    AccessLevel.EMBARGO: ("tạm giữ", "embargo", "chưa mở"),
    AccessLevel.RESTRICTED: ("hạn chế", "restricted", "hạn chế sử dụng", "nội bộ"),
}

# MARC 21 language codes
LANGUAGES: dict[str, tuple[str, ...]] = {
    "vie": ("tiếng Việt", "Vietnamese", "Việt", "vi", "quốc ngữ"),
    "fre": ("tiếng Pháp", "French", "Pháp", "fr", "fra"),
    "eng": ("tiếng Anh", "English", "Anh", "en"),
    "chi": ("chữ Hán", "Chinese", "Hán", "tiếng Hán", "tiếng Trung", "Hán Nôm", "chữ Hán Nôm", "zh", "zho", "lzh"),
    "khm": ("tiếng Khmer", "Khmer", "km"),
    "rus": ("tiếng Nga", "Russian", "Nga", "ru"),
    "jpn": ("tiếng Nhật", "Japanese", "Nhật", "ja"),
}

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """`text` as words are compared here: no marks, no case, one blank between words."""
    return _BETWEEN_WORDS.sub(" ", without_marks(clean(text).lower())).strip()


def _by_word(words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {fold(word): code for code, accepted in words.items() for word in (code, *accepted)}


_COLUMN = _by_word({name: (vietnamese, english, *more) for name, (vietnamese, english, more) in HEADINGS.items()})
_KIND = _by_word({kind.value: words for kind, words in KINDS.items()})
_ACCESS = _by_word({level.value: words for level, words in ACCESS.items()})
_LANGUAGE = _by_word(LANGUAGES)


def column(heading: str) -> str | None:
    """Which column a heading names."""
    return _COLUMN.get(fold(heading))


def kind(word: str) -> Kind | None:
    """The kind of document that a code or name means."""
    code = _KIND.get(fold(word))
    return Kind(code) if code else None


def access(word: str) -> AccessLevel | None:
    """The access level that a code or word means."""
    code = _ACCESS.get(fold(word))
    return AccessLevel(code) if code else None


def language(word: str) -> str | None:
    """The MARC 21 code of a language given by name or code; any three letters pass as a code."""
    folded = fold(word)
    known = _LANGUAGE.get(folded)
    return known or (folded if re.fullmatch("[a-z]{3}", folded) else None)
