"""Offsets: what may be committed, and what a bridge that starts from a commit knows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.offsets import MAX_METADATA, Commit, LogChanged, PartitionProgress


def progress_of(*offsets):
    progress = PartitionProgress()
    for offset in offsets:
        progress.deliver(offset)
    return progress


def test_nothing_is_committed_before_anything_was_delivered():
    """A bridge on an empty topic commits nothing, so that `earliest` still means what it says."""
    assert PartitionProgress().commit() is None


def test_the_watermark_stays_below_the_slowest_request():
    """While one request waits, everything above it may end and still nothing beyond it is committed."""
    progress = progress_of(5, 6, 7)
    progress.finish([6, 7])
    assert progress.commit().offset == 5


def test_everything_finished_commits_the_next_offset():
    """When all is done, the committed offset is the next one to read, as in any consumer group."""
    assert progress_of(5, 6, 7).commit([5, 6, 7]) == Commit(8, "v2 - 0 ")


def test_what_is_about_to_finish_is_not_finished_yet():
    """A transaction that fails leaves its requests open."""
    progress = progress_of(0, 1)
    progress.commit([0])
    assert progress.commit().offset == 0
    assert progress.unfinished == 2


def test_a_restart_gives_out_only_what_was_open():
    """After a restart only the unfinished requests come again; the finished ones among them do not."""
    restarted = PartitionProgress.from_commit(progress_of(*range(6)).commit([1, 2, 4]))
    assert [offset for offset in range(8) if restarted.deliver(offset)] == [0, 3, 5, 6, 7]


def test_open_offsets_of_an_earlier_life_take_no_place_before_they_come():
    """After a restart the whole window is refilled at once, not one request after another."""
    restarted = PartitionProgress.from_commit(progress_of(*range(4)).commit([3]))
    assert (restarted.unfinished, restarted.awaited) == (0, 3)
    restarted.deliver(0)
    assert (restarted.unfinished, restarted.awaited) == (1, 2)


def test_an_offset_deleted_by_retention_does_not_block():
    """An open request whose message Kafka has deleted does not hold the watermark back for ever."""
    restarted = PartitionProgress.from_commit(progress_of(0, 1, 2).commit([1]))
    assert restarted.deliver(2)
    assert restarted.commit([2]) == Commit(3, "v2 - 0 ")
    assert restarted.unfinished == 1


def test_gaps_count_as_finished():
    """Offsets that hold transaction markers are never delivered, and are not waited for."""
    assert progress_of(0, 10, 12).commit([0, 10]).offset == 12


@pytest.mark.parametrize(
    "metadata",
    [
        "", "something of another tool", "v3 - 5 0", "v2 5 0", "v2 - 5 0,9",
        "v1", "v1 ", "v1 x 0", "v1 5 a,b", "v1 5 0,,1", "v1 5 0;1",
        "v1 5 3,-2", "v1 5 0,0", "v1 5 0,9", "v1 -5 0", "v1 5 -3", None,
    ],
)  # fmt: skip
def test_foreign_or_damaged_metadata_means_nothing_is_known(metadata):
    """A commit that another tool wrote, or that was damaged, costs a second look and loses no request."""
    progress = PartitionProgress.from_commit(Commit(10, metadata))
    assert all(progress.deliver(offset) for offset in range(10, 20))
    assert progress.commit().offset == 10


def test_damaged_metadata_never_takes_the_commit_back():
    """A commit whose span became negative is not committed again at a lower offset before anything was read."""
    assert PartitionProgress.from_commit(Commit(10, "v1 -5 ")).watermark == 10


@given(st.text(max_size=60) | st.from_regex(r"(v1|v2 \S{1,22}) -?\d{1,3} (-?\d{1,3},?){0,6}", fullmatch=True))
def test_no_metadata_makes_a_commit_pass_an_open_offset(metadata):
    """Whatever the metadata, what is delivered and not finished stays at or above the watermark."""
    progress = PartitionProgress.from_commit(Commit(10, metadata))
    delivered = [offset for offset in range(10, 120) if progress.deliver(offset)]
    assert all(progress.commit().offset <= offset for offset in delivered)


@pytest.mark.parametrize("gap", [1, 10, 10**4, 10**9])
@pytest.mark.parametrize("count", [1, 400, 1_500])
def test_metadata_fits_into_kafka_however_many_are_open(count, gap):
    """Kafka never refuses a commit for its size; what does not fit is read again, not lost."""
    offsets = range(0, count * gap, gap)
    finished = set(offsets[1::2])
    commit = progress_of(*offsets).commit(finished)
    assert len(commit.metadata.encode()) <= MAX_METADATA
    restarted = PartitionProgress.from_commit(commit)
    again = {offset for offset in offsets if offset >= commit.offset and restarted.deliver(offset)}
    assert again >= set(offsets) - finished
    assert again == set(offsets) - finished or len(commit.metadata) > MAX_METADATA - 20


def test_a_long_queue_makes_no_commit_longer():
    """What is open above all that is finished is not said: a restart reads it again, said or not."""
    assert progress_of(*range(4_000)).commit([1]) == Commit(0, "v2 - 2 0")


def test_a_full_window_of_neighbours_fits_whole():
    """With the largest window nothing is read twice after a restart."""
    progress = progress_of(*range(0, 1_000, 2))
    assert len(progress.commit([998]).metadata) < MAX_METADATA
    restarted = PartitionProgress.from_commit(progress.commit(range(2, 1_000, 4)))
    assert [offset for offset in range(0, 1_000, 2) if restarted.deliver(offset)] == list(range(0, 1_000, 4))


def test_a_commit_of_the_last_release_is_understood():
    """A bridge that is upgraded goes on where its predecessor was."""
    progress = PartitionProgress.from_commit(Commit(10, "v1 4 0,2"), topic_id="new")
    assert [offset for offset in range(10, 16) if progress.deliver(offset)] == [10, 12, 14, 15]


def test_a_commit_says_which_topic_it_is_about():
    """A topic that was made again has another id; where nobody knows ids, every commit counts."""
    commit = PartitionProgress(5, topic_id="abc").commit()
    assert commit == Commit(5, "v2 abc 0 ")
    assert [commit.is_of(topic) for topic in ("abc", "xyz", None)] == [True, False, True]
    assert progress_of(4).commit().is_of("abc")
    assert Commit(5, "v1 0 ").is_of("abc")


def test_an_offset_that_runs_backwards_is_told():
    """What is delivered below what came before is another log's."""
    progress = progress_of(5, 6)
    with pytest.raises(LogChanged):
        progress.deliver(6)


def test_what_is_in_hand_stays_open_when_the_log_is_cut():
    """Retention that passes over requests in hand leaves them in hand, and counts only those that were not read."""
    progress = PartitionProgress.from_commit(Commit(0, "v1 10 0,4,2"))  # open: 0, 4, 6
    progress.deliver(0)
    assert progress.skip(20) == 12  # 4, 6, and 10 to 19
    assert (progress.unfinished, progress.awaited, progress.watermark) == (1, 0, 0)
    assert progress.skip(15) == 0
    assert progress.deliver(20)


class Deliveries(RuleBasedStateMachine):
    """Random lives of one partition: deliveries with gaps, ends in any order, crashes, retention."""

    offsets = Bundle("offsets")

    @initialize()
    def start(self):
        self.log = [0]  # offsets that exist in Kafka
        self.finished = set()  # whose end is committed
        self.committed = None
        self.live(None)

    def live(self, commit):
        self.progress = PartitionProgress() if commit is None else PartitionProgress.from_commit(commit)
        self.in_hand = set()
        self.next = 0 if commit is None else commit.offset

    @rule(gap=st.integers(1, 5))
    def append(self, gap):
        self.log.append(self.log[-1] + gap)

    @rule(count=st.integers(1, 10))
    def deliver(self, count):
        for offset in [offset for offset in self.log if offset >= self.next][:count]:
            self.next = offset + 1
            if self.progress.deliver(offset):
                assert offset not in self.finished, "finished, and given out again"
                self.in_hand.add(offset)
            else:
                assert offset in self.finished, "never finished, and skipped"

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def publish(self, data):
        done = data.draw(st.sets(st.sampled_from(sorted(self.in_hand)), min_size=1))
        self.committed = self.progress.commit(done)
        self.progress.finish(done)
        self.in_hand -= done
        self.finished |= done

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def publish_in_vain(self, data):
        """The transaction is aborted: the bridge recovers from the last commit."""
        self.progress.commit(data.draw(st.sets(st.sampled_from(sorted(self.in_hand)), min_size=1)))
        self.live(self.committed)

    @rule()
    def crash(self):
        self.live(self.committed)

    @precondition(lambda self: len(self.log) > 1)
    @rule(data=st.data())
    def retention(self, data):
        """Kafka deletes old messages; those not in hand are gone for good."""
        oldest = data.draw(st.sampled_from(self.log))
        unread = {offset for offset in self.log if self.next <= offset < oldest} - self.finished
        assert self.progress.skip(oldest) >= len(unread), "more were deleted unread than it says"
        self.next = max(self.next, oldest)
        self.log = [offset for offset in self.log if offset >= oldest]

    @invariant()
    def watermark_is_below_every_unfinished_offset(self):
        commit = self.progress.commit()
        if commit is not None:
            assert all(commit.offset <= offset for offset in self.in_hand)
            assert len(commit.metadata) <= MAX_METADATA

    @invariant()
    def in_hand_is_counted(self):
        assert self.progress.unfinished == len(self.in_hand)

    def teardown(self):
        """Whatever happened, a last life finishes all that is left, and nothing blocks the end."""
        self.append(1)
        self.deliver(len(self.log))
        assert self.progress.commit(self.in_hand) == Commit(self.log[-1] + 1, "v2 - 0 ")


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
