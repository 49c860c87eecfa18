"""Words for access: levels an item may have, who is asking, and what a list or a search may show them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class AccessLevel(StrEnum):
    """Who may see a published item's images and text."""

    PUBLIC = "public"
    NETWORK = "network"  # member libraries: their signed-in users and their addresses
    ONSITE = "onsite"  # the owning library's own address ranges
    EMBARGO = "embargo"  # public from a date on
    RESTRICTED = "restricted"  # staff of the owning library only (Luật Thư viện 46/2019/QH14, Điều 7)


class ItemState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


class Role(StrEnum):
    """What a signed-in user may do; each role may do what those before it may."""

    READER = "reader"
    STAFF = "staff"  # uploads batches, corrects pages
    APPROVER = "approver"  # publishes and withdraws
    ADMIN = "admin"  # users, libraries, settings


RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever stands at a door. `library` is the code of the signed-in user's library, None for a passer-by.

    `address` is the client's IP address as text; `user` the user name."""

    address: str | None = None
    user: str | None = None
    role: Role | None = None
    library: str | None = None

    def may(self, role: Role) -> bool:
        """Whether the visitor holds at least `role`."""
        return self.role is not None and RANK[self.role] >= RANK[role]


@dataclass(frozen=True, slots=True)
class Rights:
    """An item's standing as far as access goes."""

    library: str
    state: ItemState
    level: AccessLevel
    embargo_until: date | None = None


@dataclass(frozen=True, slots=True)
class Visibility:
    """What one visitor may find, in a form that an index can filter by.

    A document is visible when `everything`; or it belongs to one of `staff_of` (drafts and restricted items included);
    or it is published and its level is public, embargo that ended on or before `today`, network while `network`, or
    onsite while its library is in `onsite_of`. `hidden_items` are left out whatever else holds: their index entries
    are known to be out of date.
    """

    today: date
    everything: bool = False
    network: bool = False
    onsite_of: frozenset[str] = frozenset()
    staff_of: frozenset[str] = frozenset()
    hidden_items: frozenset[str] = frozenset()
