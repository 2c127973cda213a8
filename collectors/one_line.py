"""Text of strangers where one line of a terminal or a log is meant."""


def one_line(text: str, most: int = 0) -> str:
    """The text without line breaks, escape sequences and whatever else is not printed, cut at `most` characters (0: never)."""
    plain = text if text.isprintable() else "".join(character if character.isprintable() else " " for character in text)
    return plain if not most or len(plain) <= most else plain[: most - 1] + "…"
