"""The platform's first contract, of August 2025: a notification with a callback URL, and a record for storage."""

from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, Field, StrictStr, field_validator

from contract.messages import FROZEN, Assessment, Dialect, Ids, Outcome, Recipient, Request

REQUEST_KEY = b"new_request"
NOTIFICATION_KEY = b"new_notifications"
PROCESSING_KEY = b"new_processing"

MAX_CALLBACK_URL = 2_083  # characters; the sender's own cap (pydantic's HttpUrl), on the address as it was typed
# What the sender passes on is percent-encoded: "я" counts as one character there and arrives as six.
MAX_ENCODED_CALLBACK_URL = 6 * MAX_CALLBACK_URL


class _Callback(BaseModel):
    callback_url: StrictStr = Field(min_length=1, max_length=MAX_ENCODED_CALLBACK_URL)

    @field_validator("callback_url")
    @classmethod
    def _as_long_as_the_sender_allows(cls, url: str) -> str:
        if len(url) > MAX_CALLBACK_URL and len(unquote(url)) > MAX_CALLBACK_URL:
            raise ValueError("too long")
        return url


class Addressee(Ids, Recipient, _Callback):
    """Whom an answer belongs to: the callback URL and the four ids. A failure's `response` is just this."""

    def scored(self, assessment: Assessment) -> Outcome:
        """Both topics get a message."""
        response = ScoredResponse(**self.model_dump(), **assessment.model_dump())
        notification = Notification(success=True, response=response, message_error=None, wait_seconds=None)
        return Outcome(
            notification=notification.model_dump_json(), processing=response.model_dump_json(exclude={"callback_url"})
        )

    def failed(self, message: str, wait_seconds: int | None) -> Outcome:
        """Only the notifications topic hears of it; the service behind it turns `wait_seconds` into HTTP 429."""
        notification = Notification(success=False, response=self, message_error=message, wait_seconds=wait_seconds)
        return Outcome(notification=notification.model_dump_json(), processing=None)


class ScoringRequest(Request, Addressee):  # type: ignore[misc] # the plugin compares their constructors
    """A message of the input topic (key `new_request`). Unknown extra fields are accepted and ignored."""

    @field_validator("callback_url")
    @classmethod
    def _http_or_https(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() for c in url):
            raise ValueError("not an http or https URL")
        return url

    def addressee(self) -> Addressee:
        return Addressee.model_construct(**{name: getattr(self, name) for name in Addressee.model_fields})


class ScoredResponse(Assessment, Addressee):  # the addressee's fields come first in its JSON
    """`response` of a successful notification."""


class Notification(BaseModel):
    """A message of the notifications topic (key `new_notifications`): exactly one per `processing_id`."""

    model_config = FROZEN

    success: bool
    response: ScoredResponse | Addressee
    message_error: str | None
    wait_seconds: int | None


DIALECT = Dialect(
    request=ScoringRequest,
    recipient=Addressee,
    request_key=REQUEST_KEY,
    answer_key=NOTIFICATION_KEY,
    answered_id=lambda body: body["response"]["processing_id"],
    heard=Notification.model_validate_json,
    topics=("AI_handler", "notifications"),
    has_records=True,
)
