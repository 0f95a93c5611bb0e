"""What looks like a person's data and is none. Every line must come out as it went in."""

from typing import Final

from bench.redaction_set import lines_of

LOOKALIKES: Final = lines_of("lookalikes")
FRESH_LOOKALIKES: Final = lines_of("lookalikes_fresh")  # written after the rules, and looked at once
