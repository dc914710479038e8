#!/usr/bin/env bash
# Serves on ADDRESS with the data below DATA until it is interrupted, and says what to try.
#
# Usage: tools/run.sh PROGRAM ADDRESS DATA
set -euo pipefail
program=$1 address=$2 data=$3

mkdir -p "$data"
REGISTRY_HTTP_ADDR=$address REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=$data "$program" serve &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true' INT TERM

# The program says itself why it does not start (a busy port, a directory that is not ours).
for _ in $(seq 100); do
  kill -0 "$server" 2>/dev/null || { wait "$server"; exit $?; }
  curl -sf -o /dev/null --max-time 1 "http://$address/v2/" && break
  sleep 0.1
done

cat <<TEXT

Berth serves on http://$address with its data in $data. Ctrl-C ends it. Try:

  curl http://$address/v2/_catalog
  skopeo copy --dest-tls-verify=false docker://docker.io/library/busybox docker://$address/busybox
  docker pull busybox && docker tag busybox $address/busybox && docker push $address/busybox

TEXT
# wait returns early when a signal comes; the server then drains and ends.
while kill -0 "$server" 2>/dev/null; do
  status=0
  wait "$server" || status=$?
done
exit "${status:-0}"
