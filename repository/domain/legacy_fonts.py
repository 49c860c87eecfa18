"""What a font's name tells of the encoding its texts are in."""

import re
from dataclasses import dataclass

from repository.domain.legacy_tables import Encoding

_SUBSET = re.compile(r"^[A-Z]{6}\+")
_STYLE = re.compile(
    r"(?:[\s,_-]*(?:bold|italic|oblique|regular|normal|roman|demi|light|medium|heavy|black|mt|ps))+$", re.IGNORECASE
)
# .VnTime, VnTime, .VN3DH, vnarial; but not VNI-…, VNU-…, nor any word that begins with Vn
_ABC = re.compile(r"^(?:\.(?i:vn)(?![iI][\s_-])\w|V[nN](?![IU])[A-Z0-9]|(?i:vn(?:time|arial)))")
_VNI = re.compile(r"^\.?vni(?:[-\s_]|(?=[A-Z]))", re.IGNORECASE)
_VPS = re.compile(r"^vps", re.IGNORECASE)
_VISCII = re.compile(r"^(?:vi(?:scii)?[-\s](?:times|arial|book|helve)|vn?viscii|viscii)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FontHint:
    """`family`: the name without subset mark and style. `encoding`: what it promises, if anything. `capitals`: the
    font draws small letters as capitals."""

    family: str
    encoding: Encoding | None
    capitals: bool


def font_hint(name: str) -> FontHint:
    """What `name` (as a PDF or a word processor writes it) tells."""
    bare = _SUBSET.sub("", name.strip().lstrip("/"))
    family = _STYLE.sub("", bare) or bare
    if _VNI.match(family):
        return FontHint(family, Encoding.VNI, False)
    if _ABC.match(family):
        return FontHint(family, Encoding.TCVN3, family.endswith("H"))
    if _VPS.match(family):
        return FontHint(family, Encoding.VPS, False)
    if _VISCII.match(family):
        return FontHint(family, Encoding.VISCII, False)
    return FontHint(family, None, False)
