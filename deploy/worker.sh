#!/bin/sh
# A worker that joins the coordinators' pool, as its container starts it. SIGTERM lets what runs end (OPHION_DRAIN_S, 30
# seconds); when it exits, whatever started it starts it again.
set -eu
: "${OPHION_MODULE:?is missing: the Python module that this worker serves}"
: "${OPHION_JOIN:?is missing: https://HOST:PORT where workers join}"
: "${OPHION_JOIN_TOKEN:?is missing: the file that holds the join token}"
set -- "$OPHION_MODULE" --join "$OPHION_JOIN" --token-file "$OPHION_JOIN_TOKEN" --wait "${OPHION_WAIT_S:-60}"
[ -z "${OPHION_CA:-}" ] || set -- "$@" --ca "$OPHION_CA"
[ -z "${OPHION_WORKER_CERT:-}" ] || set -- "$@" --cert "$OPHION_WORKER_CERT" --key "$OPHION_WORKER_KEY"
[ -z "${OPHION_READY_FILE:-}" ] || set -- "$@" --ready-file "$OPHION_READY_FILE"
[ "${OPHION_INSECURE:-false}" != true ] || set -- "$@" --insecure
exec "${OPHION_PYTHON:-python}" -m ophion "$@"
