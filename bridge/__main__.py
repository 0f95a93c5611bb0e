"""`python -m bridge`: runs the bridge until SIGTERM or SIGINT.

`python -m bridge replay --help`: sends dead letters to the input topic again.

Exit codes: 0 stopped by a signal, 1 a setting or Kafka is wrong, 3 too many dead letters.
"""

import logging
import sys

from confluent_kafka import KafkaException

from bridge import replay
from bridge.app import run
from bridge.kafka import make_producer, make_reader
from startup import begin

log = logging.getLogger("bridge")


def main(arguments: list[str]) -> int:
    """Choose between running and replaying."""
    settings = begin("bridge")
    try:
        if arguments[:1] == ["replay"]:
            return replay.main(arguments[1:], settings, make_reader(settings), make_producer(settings, None))
        if arguments:
            print("usage: python -m bridge [replay --help]", file=sys.stderr)  # noqa: T201
            return 2
        return run(settings)
    except KafkaException as error:
        log.critical("Kafka at %s: %s", settings.kafka_bootstrap_servers, error.args[0].str())
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
