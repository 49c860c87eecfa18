"""Which hits a request asks for."""

from repository.domain.errors import N_, WrongUse
from repository.domain.search import SearchRequest

MOST_HITS = 100  # a page


def hit_range(request: SearchRequest) -> tuple[int, int]:
    """First hit and hit after the last, counted from 0. Raises WrongUse for a page or size out of bounds."""
    if request.page < 1 or not 1 <= request.size <= MOST_HITS:
        raise WrongUse(N_("Trang kết quả phải từ 1 trở lên và mỗi trang có từ 1 đến {limit} kết quả."), limit=MOST_HITS)
    start = (request.page - 1) * request.size
    return start, start + request.size
