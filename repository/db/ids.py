"""Identifiers that say nothing: no place, no status, no order; never reused."""

import secrets

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letter that is read as another


def new_id() -> str:
    """Thirteen letters and digits, 65 random bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(13))
