"""The platform's second contract, of spring 2026: one flat object for the storage service, and nobody to call back.

The storage service turns an answer into an UPDATE of a row that it made from the request itself. There `null` means
"leave it as it was", a field of another type leaves the row "in progress" for ever, and what PostgreSQL refuses poisons
a session that later answers *and* requests share. So every field is always said, with exactly these types.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr

from contract.messages import FROZEN, MAX_REQUIREMENTS, Assessment, Dialect, Id, Outcome, Recipient, Request
from contract.year_2025 import Addressee, Notification, ScoredResponse

SETTLES = 5.0  # seconds that the storage service is given to make the row


def _storable(text: object) -> object:
    """Without what PostgreSQL cannot keep or UTF-8 cannot say: U+0000 and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode() if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(_storable)]


class ProcessingFinished(BaseModel):
    """A message of the answers' topic: exactly these eight fields, whatever happened."""

    model_config = FROZEN

    processing_id: Id
    success: StrictBool
    message_error: Text  # "": none
    wait_seconds: None = None  # any number makes the user's page an error 500: the sentence says it
    score: int = Field(0, ge=0, le=100)
    matches: tuple[Text, ...] = ()
    recommendation: Text = Field("", max_length=1_500)
    verdict: Text = Field("", max_length=50)


class Processing(Recipient):
    """Whom an answer belongs to: a row of the storage service's."""

    def scored(self, assessment: Assessment) -> Outcome:
        """The row gets a score, and the error that may stand in it is emptied."""
        answer = ProcessingFinished(
            processing_id=self.processing_id, success=True, message_error="", **assessment.model_dump()
        )
        return Outcome(notification=answer.model_dump_json(), processing=None, is_score=True)

    def failed(self, message: str, _wait_seconds: int | None) -> Outcome:
        """The row gets the sentence, and a score that may stand in it is emptied."""
        answer = ProcessingFinished(processing_id=self.processing_id, success=False, message_error=message)
        return Outcome(notification=answer.model_dump_json(), processing=None, is_score=False)


class ScoringRequest(Request, Processing):
    """A message of the input topic, whatever its key. Unknown extra fields are accepted and ignored."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    requirements_id: Id = Field(validation_alias="requirement_id")
    requirements: StrictStr = Field(validation_alias="requirement", max_length=MAX_REQUIREMENTS, repr=False)

    def addressee(self) -> Processing:
        return Processing(processing_id=self.processing_id)


def _heard(body: str) -> Notification:
    answer = ProcessingFinished.model_validate_json(body)
    response = ScoredResponse if answer.success else Addressee
    return Notification.model_construct(
        success=answer.success,
        response=response.model_construct(**dict(answer)),
        message_error=answer.message_error,
        wait_seconds=None,
    )


DIALECT = Dialect(
    request=ScoringRequest,
    recipient=Processing,
    request_key=None,
    answer_key=None,
    answered_id=lambda body: body["processing_id"],
    heard=_heard,
    topics=("processing.requested", "processing.finished"),
    has_records=False,
    settles=SETTLES,
    is_read_uncommitted=True,
)
