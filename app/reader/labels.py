"""Names for codes in the language of the request."""

from app.language import current
from iiif.labels import LanguageMap, kind_label, language_label
from repository.domain.records import Kind


def kind_name(kind: str) -> str:
    """The name of a kind of document; the code itself for one this house does not know."""
    return _said(kind_label(Kind(kind))) if kind in {*Kind} else kind


def language_name(code: str) -> str:
    """The name of a language by its MARC code."""
    return _said(language_label(code))


def grouped(value: int) -> str:
    """A count with its thousands apart."""
    written = f"{value:,}"
    return written if current() == "en" else written.replace(",", ".")


def _said(label: LanguageMap) -> str:
    for code in (current(), "none", "vi"):
        if code in label:
            return label[code][0]
    return ""
