"""Taking the person out of a resume before it is sent."""

from worker.assessment.redaction.redacting import REDACTION_VERSION, Redacted, redact

__all__ = ["REDACTION_VERSION", "Redacted", "redact"]
