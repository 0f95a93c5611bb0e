# One image for all roles (bridge, worker, Flower: the command decides), and `test`, which adds the tests.

FROM python:3.13-slim AS packages
COPY requirements.txt /
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r /requirements.txt

FROM python:3.13-slim AS base
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --user-group --no-create-home app \
    && install -d -o app -g app /app /app/logs /app/run
WORKDIR /app
COPY --from=packages /venv /venv

FROM base AS test
COPY requirements.txt requirements-demo.txt requirements-dev.txt /tmp/
RUN pip install --no-cache-dir --disable-pip-version-check -r /tmp/requirements-dev.txt
COPY --chown=app:app . .
USER app
CMD ["pytest"]

FROM base AS service
COPY celeryconfig.py config.py contract.py logs.py redis_connection.py startup.py watchdog.py ./
COPY bridge bridge
COPY worker worker
USER app
CMD ["python", "-m", "bridge"]
