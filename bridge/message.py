"""Reading librdkafka's messages, whose stubs allow more shapes than ever come."""

from confluent_kafka import Message


def header(message: Message, name: str) -> bytes | None:
    """The first header of that name that has a value."""
    headers = message.headers() or []
    for found, value in headers.items() if isinstance(headers, dict) else headers:
        if found == name and value is not None:
            return as_bytes(value)
    return None


def as_bytes(value: str | bytes | None) -> bytes | None:
    """A key or a value as it came."""
    return value.encode() if isinstance(value, str) else value
