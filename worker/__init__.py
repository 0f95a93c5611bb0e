"""The Celery side of the service: scores one request at a time.

`celery -A worker` looks for an attribute `app` or `celery` here; it is made on demand, so that importing a
pure module such as `worker.assessment.rubric` reads no settings.
"""

import sys
from pathlib import Path
from typing import Any

# The `celery` command puts this folder on the path only while it imports this package, and takes it off again
# before it asks for the app (celery/app/utils.py, `find_app`); so once more, whatever is there now.
sys.path.append(str(Path(__file__).parent.parent))


def __getattr__(name: str) -> Any:
    if name in ("app", "celery"):
        from worker.app import app  # noqa: PLC0415 # see above

        return app
    raise AttributeError(name)
