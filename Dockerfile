# One image for all roles (bridge, worker, Flower: the command decides), and `test`, which adds the tests.
# Packages come from lock files with hashes (`make lock` writes them). The base is named by its version: whoever
# builds for production sets PYTHON to a digest that they have looked at.

ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS packages
COPY requirements.lock requirements-otel.lock /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock
# `--build-arg TRACES=on` adds what docs/traces.md speaks of.
ARG TRACES=off
RUN if [ "$TRACES" = on ]; then \
    /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements-otel.lock; fi

FROM ${PYTHON} AS base
# Hundreds of threads take turns, and the C library's caches would be 0.1 MB in each; without any a call costs 5 % more.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    GLIBC_TUNABLES=glibc.malloc.arena_max=1:glibc.malloc.tcache_count=2
RUN useradd --uid 10001 --user-group --no-create-home app \
    && install -d -o app -g app /app /app/logs /app/run
WORKDIR /app
COPY --from=packages /venv /venv

FROM base AS test
COPY requirements-dev.lock /tmp/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements-dev.lock
COPY --chown=10001:10001 . .
USER 10001:10001
CMD ["pytest"]

FROM base AS service
COPY celeryconfig.py file_text.py logs.py presence.py startup.py watchdog.py ./
COPY bridge bridge
COPY config config
COPY contract contract
COPY servers servers
COPY tracing tracing
COPY worker worker
USER 10001:10001
CMD ["python", "-m", "bridge"]
