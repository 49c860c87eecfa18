"""Words that viewers show, in Vietnamese and English, as IIIF language maps (Presentation API 3.0 §4.1)."""

from repository.domain.records import Kind, Library

LanguageMap = dict[str, list[str]]

_KINDS = {
    Kind.BOOK: ("Sách", "Book"),
    Kind.EXTRACT: ("Bài trích", "Article"),
    Kind.SERIAL: ("Báo, tạp chí", "Serial"),
    Kind.GAZETTEER: ("Địa chí", "Gazetteer"),
    Kind.LOCAL_HISTORY: ("Lịch sử địa phương", "Local history"),
    Kind.MAP: ("Bản đồ", "Map"),
    Kind.PHOTO: ("Ảnh, bưu ảnh", "Photograph"),
    Kind.ROYAL_DECREE: ("Sắc phong", "Royal decree"),
    Kind.DEITY_LEGEND: ("Thần tích, thần phả", "Legend of a deity"),
    Kind.VILLAGE_CONVENTION: ("Hương ước", "Village convention"),
    Kind.GENEALOGY: ("Gia phả", "Genealogy"),
    Kind.LAND_REGISTER: ("Địa bạ", "Land register"),
    Kind.POLL_REGISTER: ("Đinh bạ", "Poll register"),
    Kind.INSCRIPTION: ("Văn bia", "Inscription"),
    Kind.RUBBING: ("Thác bản", "Rubbing"),
    Kind.INSCRIBED_OBJECT: ("Hoành phi, câu đối, chuông, khánh", "Inscribed object"),
    Kind.ARCHIVAL_DOC: ("Châu bản, văn bản hành chính", "Archival document"),
    Kind.THESIS: ("Luận án, luận văn", "Thesis"),
    Kind.PROCEEDINGS: ("Kỷ yếu", "Proceedings"),
    Kind.REPORT: ("Đề tài nghiên cứu", "Research report"),
    Kind.FIELD_NOTES: ("Tư liệu điền dã", "Field notes"),
}
# MARC language codes of such collections: BCP 47 tag, name in Vietnamese, name in English.
_LANGUAGES = {
    "vie": ("vi", "Tiếng Việt", "Vietnamese"),
    "eng": ("en", "Tiếng Anh", "English"),
    "fre": ("fr", "Tiếng Pháp", "French"),
    "fra": ("fr", "Tiếng Pháp", "French"),
    "chi": ("zh", "Tiếng Trung, Hán văn", "Chinese"),
    "zho": ("zh", "Tiếng Trung, Hán văn", "Chinese"),
    "lzh": ("lzh", "Hán văn", "Literary Chinese"),
    "rus": ("ru", "Tiếng Nga", "Russian"),
    "khm": ("km", "Tiếng Khmer", "Khmer"),
    "lat": ("la", "Tiếng La-tinh", "Latin"),
}
_FIELDS = {
    "author": ("Tác giả", "Author"),
    "date": ("Thời gian", "Date"),
    "place": ("Địa danh", "Place"),
    "publisher": ("Nhà xuất bản", "Publisher"),
    "kind": ("Loại tài liệu", "Kind of document"),
    "subjects": ("Chủ đề", "Subjects"),
    "language": ("Ngôn ngữ", "Language"),
    "source": ("Nguồn gốc", "Source"),
    "rights": ("Quyền sử dụng", "Rights"),
    "code": ("Ký hiệu", "Shelf mark"),
    "holder": ("Thư viện lưu giữ", "Held by"),
    "text": ("Văn bản thuần", "Plain text"),
    "top": ("Tài liệu địa chí số hóa", "Digitised local-studies material"),
    "home": ("Trang tài liệu", "Item page"),
}


def both(vi: str, en: str) -> LanguageMap:
    """The same words in both languages."""
    return {"vi": [vi], "en": [en]}


def unmarked(*texts: str) -> LanguageMap:
    """Words whose language is not known or does not matter."""
    return {"none": list(texts)}


def field_label(name: str) -> LanguageMap:
    """The label of a field or link. Raises KeyError for a name this house does not use."""
    return both(*_FIELDS[name])


def kind_label(kind: Kind) -> LanguageMap:
    """The name of a kind of document."""
    return both(*_KINDS[kind])


def library_label(library: Library) -> LanguageMap:
    """The name of a library, which is Vietnamese."""
    return {"vi": [library.name]}


def language_label(code: str) -> LanguageMap:
    """The name of a language by its MARC code; the code itself when it is not a usual one."""
    known = _LANGUAGES.get(code)
    return both(known[1], known[2]) if known else unmarked(code)


def in_language(code: str, text: str) -> LanguageMap:
    """`text` marked as written in the language with this MARC code."""
    known = _LANGUAGES.get(code)
    return {known[0] if known else "none": [text]}
