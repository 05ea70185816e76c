#!/usr/bin/env bash
# A cluster of plain processes by ssh: `processes.sh HOST1 HOST2 ...`; Ctrl-C ends all of it.
# The same versions of all packages on every host, and the images under the same path.
set -euo pipefail
port=8786
dask scheduler --port "$port" &
trap 'kill $(jobs -p)' EXIT
for host in "$@"; do
  # One thread a worker: it works on one image at a time. `-tt` ends the workers with this script.
  ssh -tt "$host" "dask worker tcp://$(hostname -f):$port --nworkers auto --nthreads 1" &
done
wait
