"""The reader's pages, put together."""

from app.reader import home_views, item_views, page_views, search_views
from app.reader.room import blueprint

__all__ = ["blueprint", "home_views", "item_views", "page_views", "search_views"]
