"""Publishing and withdrawing (công bố, gỡ), and who may see an item."""

from repository.db.ledger import Ledger, Work
from repository.domain.access import AccessLevel, ItemState, Role, Visitor
from repository.domain.errors import N_, AccessRefused, NotFound, WrongUse
from repository.domain.records import AccessSetting, Item


class Publishing:
    """Use cases of approvers."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def publish(self, visitor: Visitor, item_id: str) -> None:
        """Let readers see the item, as far as its access level goes, with every page it has now."""
        self._set_state(visitor, [item_id], ItemState.PUBLISHED)

    def withdraw(self, visitor: Visitor, item_id: str) -> None:
        """Take the item back from readers at once."""
        self._set_state(visitor, [item_id], ItemState.DRAFT)

    def publish_batch(self, visitor: Visitor, batch_id: str) -> int:
        """Publish every item that has pages of the batch; gives how many."""
        return self._set_state(visitor, self._items_of(batch_id), ItemState.PUBLISHED)

    def withdraw_batch(self, visitor: Visitor, batch_id: str) -> int:
        """Withdraw every item that has pages of the batch; gives how many."""
        return self._set_state(visitor, self._items_of(batch_id), ItemState.DRAFT)

    def set_access(self, visitor: Visitor, item_id: str, access: AccessSetting) -> None:
        """Change who may see the item; an embargo needs its date."""
        if (access.level is AccessLevel.EMBARGO) != (access.embargo_until is not None):
            raise WrongUse(N_("Mức “tạm giữ” cần có ngày mở, các mức khác thì không."))
        with self._ledger.write() as work:
            item = _item(work, visitor, item_id)
            work.items.set_access(item.id, access)
            until = access.embargo_until.isoformat() if access.embargo_until else None
            work.journal.record(visitor.user or "?", "access", item.id, level=access.level.value, until=until)

    def _items_of(self, batch_id: str) -> list[str]:
        with self._ledger.read() as work:
            return work.pages.items_of_batch(batch_id)

    def _set_state(self, visitor: Visitor, item_ids: list[str], state: ItemState) -> int:
        with self._ledger.write() as work:
            for item_id in item_ids:
                item = _item(work, visitor, item_id)
                work.items.set_state(item.id, state)
                verb = "publish" if state is ItemState.PUBLISHED else "withdraw"
                work.journal.record(visitor.user or "?", verb, item.id)
        return len(item_ids)


def _item(work: Work, visitor: Visitor, item_id: str) -> Item:
    item = work.items.get(item_id)
    if item is None:
        raise NotFound(N_("Không tìm thấy tài liệu này."))
    if not visitor.may(Role.APPROVER):
        raise AccessRefused(N_("Chỉ người duyệt mới được công bố, gỡ hay đổi quyền truy cập."))
    if visitor.library != item.rights.library and not visitor.may(Role.ADMIN):
        raise AccessRefused(N_("Tài liệu này thuộc thư viện khác."))
    return item
