"""Words compared as people compare them: without accents, case or spare blanks."""

import unicodedata


def fold(text: str) -> str:
    """`" Vila  Nova de GAIA "` and `"vila nova de gaia"` give the same key."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())
