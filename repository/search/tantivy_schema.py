"""How documents lie in the Tantivy index: its fields, and how a document fills them."""

from tantivy import Document, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from repository.domain.access import AccessLevel
from repository.domain.collation import sort_key
from repository.domain.search import IndexDocument
from repository.domain.vietnamese import clean, text_keys
from repository.search.entries import day, document_key, gates, hash64, page_key, row

VERSION = "v1"  # the folder's name; raise it with every change here, so that an old index is rebuilt, not misread
WORDS = "folded"
NO_YEAR = 0xFFFF  # sorts last, upwards and downwards
_BELOW_ALL_YEARS = 10_000


def build_schema() -> Schema:
    """The index's fields.

    `k1` `k2` `k3` hold the page's word keys; `gate` says who may see it (see gates); `key` is the document's own mark,
    `tie` its fixed place among equals, `item_key` its item in 64 bits; `by_*` give whole orders, ties included.
    """
    builder = SchemaBuilder()
    for field in ("k1", "k2", "k3"):
        builder.add_text_field(field, tokenizer_name=WORDS, index_option="position")
    for field in ("key", "gate"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    for field in ("item", "library", "kind", "place", "row"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_integer_field("year", indexed=True, fast=True)
    builder.add_integer_field("embargo", indexed=True, fast=True)
    for field in ("tie", "item_key", "by_year", "by_year_desc"):
        builder.add_unsigned_field(field, fast=True)
    builder.add_text_field("by_title", tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_bytes_field("shown", stored=True)
    builder.add_unsigned_field("number", stored=True)
    return builder.build()


def word_analyzer() -> TextAnalyzer:
    """Words come folded and parted by single blanks; nothing is left for the engine to do."""
    return TextAnalyzerBuilder(Tokenizer.whitespace()).build()


def shown(document: Document) -> tuple[str, str | None]:
    """Item and page id (None for a record) of a document that came out of the index."""
    item, _, page_id = bytes(document.get_first("shown") or b"").decode().partition("\x1f")
    return item, page_id or None


def stored_key(document: Document) -> str:
    """The value of `key` of a document that came out of the index."""
    item, page_id = shown(document)
    return page_key(page_id) if page_id else f"record:{item}"


def to_tantivy(document: IndexDocument) -> Document:
    """The engine's document."""
    words = text_keys(clean(document.text))
    made = Document()
    made.add_text("k1", " ".join([word.k1 for word in words]))
    made.add_text("k2", " ".join([word.k2 for word in words]))
    made.add_text("k3", " ".join([word.k3 for word in words]))
    made.add_text("key", document_key(document))
    for gate in gates(document):
        made.add_text("gate", gate)
    for field in ("item", "library", "kind"):
        made.add_text(field, getattr(document, field))
    if document.place:
        made.add_text("place", document.place)
    if document.year is not None:
        made.add_integer("year", document.year)
    if document.access == AccessLevel.EMBARGO and document.embargo_until is not None:
        made.add_integer("embargo", day(document.embargo_until))
    made.add_text("row", row(document))
    made.add_bytes("shown", f"{document.item}\x1f{document.page_id or ''}".encode())
    made.add_unsigned("number", document.number)
    _add_orders(made, document)
    return made


def _add_orders(made: Document, document: IndexDocument) -> None:
    item_key = hash64(document.item)
    number = min(document.number, 0xFFFFF)
    made.add_unsigned("tie", (item_key >> 20 << 20) | number)
    made.add_unsigned("item_key", item_key)
    up = down = NO_YEAR
    if document.year is not None:
        up = max(0, min(document.year + _BELOW_ALL_YEARS, NO_YEAR - 1))
        down = NO_YEAR - 1 - up
    below_year = (item_key >> 36 << 20) | number
    made.add_unsigned("by_year", (up << 48) | below_year)
    made.add_unsigned("by_year_desc", (down << 48) | below_year)
    made.add_text("by_title", f"{sort_key(document.title)}\x00{document.item}\x00{document.number:08}")
