"""The one place where access is decided. Every door asks here."""

from collections.abc import Iterable
from datetime import date
from ipaddress import ip_address, ip_network

from repository.domain.access import AccessLevel, ItemState, Rights, Role, Visibility, Visitor
from repository.domain.records import Library


def visibility(visitor: Visitor, libraries: Iterable[Library], hidden: frozenset[str] = frozenset()) -> Visibility:
    """What the visitor may find. `hidden` are items whose index entries are out of date."""
    onsite = frozenset(library.code for library in libraries if stands_in(visitor.address, library))
    return Visibility(
        today=date.today(),
        everything=visitor.may(Role.ADMIN),
        network=visitor.library is not None or bool(onsite),
        onsite_of=onsite,
        staff_of=_staff_of(visitor),
        hidden_items=hidden,
    )


def allows(seen: Visibility, rights: Rights) -> bool:
    """Whether an item with these rights is among what is visible."""
    if seen.everything or rights.library in seen.staff_of:
        return True
    if rights.state is not ItemState.PUBLISHED:
        return False
    match rights.level:
        case AccessLevel.PUBLIC:
            return True
        case AccessLevel.EMBARGO:
            return rights.embargo_until is not None and rights.embargo_until <= seen.today
        case AccessLevel.NETWORK:
            return seen.network
        case AccessLevel.ONSITE:
            return rights.library in seen.onsite_of
        case AccessLevel.RESTRICTED:
            return False


def stands_in(address: str | None, library: Library) -> bool:
    """Whether the address is one of the library's own."""
    if address is None or not library.address_ranges:
        return False
    try:
        client = ip_address(address)
    except ValueError:
        return False
    client = getattr(client, "ipv4_mapped", None) or client
    return any(client in ip_network(cidr, strict=False) for cidr in library.address_ranges)


def _staff_of(visitor: Visitor) -> frozenset[str]:
    if visitor.may(Role.STAFF) and visitor.library is not None:
        return frozenset({visitor.library})
    return frozenset()
