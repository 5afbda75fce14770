# One image for web, workers and clock; docker-compose.yml gives each its command.
FROM python:3.11.14-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 DATA_DIR=/data LISTEN_ADDRESS=0.0.0.0
WORKDIR /app

ARG PACKAGES=exchange
# A lock is complete, and leaves out `tokenizers` on purpose (pyproject.toml), which pip would ask for.
COPY requirements requirements
RUN if [ "${PACKAGES}" = embeddings ]; then \
        echo "PACKAGES=embeddings is no longer needed: sentence embeddings are in every image." && PACKAGES=exchange; \
    fi \
    && pip install --no-deps --require-hashes -r "requirements/${PACKAGES}.lock"

COPY . .
# The key lives for this one command: static files are collected as production names them.
RUN HTTPS=1 ALLOWED_HOSTS=build.invalid SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
    python manage.py collectstatic --no-input --verbosity 0 \
    && useradd --system --uid 10001 reviewqueue \
    && mkdir /data && chown reviewqueue /data
USER reviewqueue
VOLUME /data
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "4", "--respawn-failed-workers", "reviewqueue.wsgi:application"]
