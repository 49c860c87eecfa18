"""Vietnamese text rules in one place: clean at every door, compare by keys, keep what is printed."""

from repository.domain.folding import Keys, clean, keys
from repository.domain.syllables import is_syllable, tone_style
from repository.domain.tokens import Token, text_keys, tokenize, word_keys

__all__ = ["Keys", "Token", "clean", "is_syllable", "keys", "text_keys", "tokenize", "tone_style", "word_keys"]
