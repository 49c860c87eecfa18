"""The staff's pages, put together."""

from app.staff import (
    batch_views,
    file_views,
    item_views,
    library_views,
    page_views,
    progress_views,
    queue_views,
    sign_in_views,
    template_views,
    uploads,
    user_views,
)
from app.staff.room import blueprint

__all__ = [
    "batch_views",
    "blueprint",
    "file_views",
    "item_views",
    "library_views",
    "page_views",
    "progress_views",
    "queue_views",
    "sign_in_views",
    "template_views",
    "uploads",
    "user_views",
]
