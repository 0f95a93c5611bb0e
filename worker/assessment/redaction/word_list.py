"""Word lists as they are written in the code: lines of words with spaces between."""


def words(*lines: str) -> frozenset[str]:
    """The words of all lines."""
    return frozenset(word for line in lines for word in line.split())
