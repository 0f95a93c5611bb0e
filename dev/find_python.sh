#!/bin/sh
# Prints a Python of 3.11 or newer that really runs and can make virtual environments.
#
# Each candidate is run before it is chosen: a `python3.13` on PATH may be a version manager's stub that only
# prints an error. The usual `python3` comes first; PYTHON=... on make's command line overrules the search.
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        echo "$candidate"
        exit 0
    fi
done
echo "No Python 3.11 or newer with the modules venv and ensurepip was found among:" \
    "${PYTHON:-python3 python3.13 python3.12 python3.11 python}" >&2
echo "Name one: make PYTHON=/path/to/python ... (on Debian, venv comes with: apt-get install python3-venv)" >&2
exit 1
