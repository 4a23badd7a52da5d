# A worker: docker build -f deploy/worker.Dockerfile -t ophion-worker .
# Your tools and what they need are deploy/tools and its requirements.txt.
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY deploy/tools/requirements.txt ./
RUN pip wheel --no-cache-dir --wheel-dir /wheels -r requirements.txt
COPY python python
RUN pip wheel --no-cache-dir --wheel-dir /wheels --find-links /wheels ./python

FROM python:3.12-slim-bookworm
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index /wheels/*.whl
WORKDIR /app
COPY deploy/tools ./
COPY --chmod=0755 deploy/worker.sh /usr/local/bin/ophion-worker
ENV PYTHONUNBUFFERED=1 OPHION_READY_FILE=/tmp/ready
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=2s --start-period=60s CMD ["test", "-e", "/tmp/ready"]
# The script becomes the worker's keeper, which passes signals on and collects the processes of tools as process 1.
CMD ["ophion-worker"]
