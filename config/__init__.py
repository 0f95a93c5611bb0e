"""Every setting of the service, read once from the environment and from `.env` in the project's folder.

The variable `ENV_FILE` names another file instead of `.env`; tests and the demo name an empty one. A setting may also
be a file of its name in the folder `SECRETS_DIR` (`/run/secrets` by default, where compose puts secrets): the
environment and `.env` go before it.

fields.py has the settings, values.py how each is written, settings.py what follows from several and what contradicts
what, files.py how `.env` and the files of secrets are read.

Only composition roots (`bridge/app.py`, `worker/app.py`, `celeryconfig.py`, the tools in `dev/` and `bench/`) read
settings, by way of startup.py. `.env.example` and docs/settings.md are kept in step by a test.
"""

from config.files import PROJECT
from config.settings import Role, Settings

__all__ = ["PROJECT", "Role", "Settings"]
