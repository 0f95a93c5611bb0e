"""What people save: UTF-8, with or without a byte order mark; whatever else an editor wrote is told as what it is."""

import codecs

_NO_TEXT = {
    b"\x1f\x8b": "packed (gzip)",
    b"PK\x03\x04": "packed (zip, or a document of an office program)",
    b"%PDF": "a PDF",
}


class NotUtf8Error(ValueError):
    """The text says where, and what to do; put the file's name before it."""


def file_text(content: bytes) -> str:
    """A file's text, without its byte order mark.

    Raises:
        NotUtf8Error: it has another encoding.
    """
    for beginning, what in _NO_TEXT.items():
        if content.startswith(beginning):
            raise NotUtf8Error(f"is {what}, and no text")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:2]:
        raise NotUtf8Error("is not UTF-8 but UTF-16: save it as UTF-8")
    if b"\0" in content:
        raise NotUtf8Error("has zero bytes in it, and is no text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotUtf8Error(f"line {line} is not UTF-8 (cp1251?): save the file as UTF-8") from None
