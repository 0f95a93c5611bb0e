"""What is left of a grade after all the gates, and why."""

from dataclasses import dataclass, field
from enum import StrEnum

from worker.assessment.criteria import Criterion
from worker.assessment.grading import Level


class Reason(StrEnum):
    """Why a quote counts for less than the model said. The comment says what it does."""

    ABSENT = "absent"  # bars: it does not stand in the resume
    PRIVATE = "private"  # bars: nothing but a person's data
    TO_REVIEWER = "to_reviewer"  # bars: the sentence talks to the reviewer
    ANOTHER_PERSON = "another_person"  # bars: somebody else's experience
    ONLY_INTENDED = "only_intended"  # bars: a wish or a plan
    SPEAKS_OF_THE_VACANCY = "speaks_of_the_vacancy"  # bars: what is looked for, not what was done
    QUESTION = "question"  # bars
    DENIED = "denied"  # bars: the clause denies it
    DENIED_IN_PART = "denied_in_part"  # lowers: another part of the criterion is denied
    NOT_VALID = "not_valid"  # lowers: expired, lost, withdrawn
    FUTURE = "future"  # bars: it has not happened yet
    REVERSED = "reversed"  # lowers: it ends before it begins
    UNRELATED = "unrelated"  # lowers or bars: neither names the criterion, and so do most of the others
    REUSED = "reused"  # bars: the same sentence for many criteria, without this one's words
    ONE_FOR_MANY = "one_for_many"  # lowers: the same sentence for most criteria
    ECHO = "echo"  # lowers: the vacancy's words and nothing of one's own
    TEMPLATED = "templated"  # lowers: one and the same phrase about one skill after another
    THIN = "thin"  # lowers: a name and nothing about it
    HEDGED = "hedged"  # lowers: seen, heard of or tried, not done
    LISTED = "listed"  # lowers: a list of names
    YEARS_SHORT = "years_short"  # lowers: the dates add up to less than is asked for
    BELOW_GRADE = "below_grade"  # lowers: a lower rank, group or level than is asked for, or none stated


@dataclass(frozen=True, slots=True)
class Proof:
    """What is left of one grade after all the gates.

    Attributes:
        criterion: what was graded.
        claimed: the model's level.
        level: the level that counts.
        quotes: the model's quotes.
        reasons: why `level` is below `claimed`; sorted.
    """

    criterion: Criterion
    claimed: Level
    level: Level
    quotes: tuple[str, ...] = field(repr=False)
    reasons: tuple[Reason, ...] = ()
