#!/usr/bin/env bash
# Installs what is missing of the groups named (tools/packages.txt): as root with apt-get, else through sudo. With neither
# it prints the line to run and exits 1. Quick when everything is there.
#
# Usage: tools/install_packages.sh GROUP...
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

wanted=()
for group in "$@"; do
  mapfile -t lines < <(awk -v group="[$group]" '
    { sub(/#.*/, ""); gsub(/[ \t]/, "") }
    /^\[/ { inside = ($0 == group); next }
    inside && length' "$here/packages.txt")
  if [ ${#lines[@]} -eq 0 ]; then
    echo "install_packages.sh: no group $group in packages.txt" >&2
    exit 2
  fi
  wanted+=("${lines[@]}")
done

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "This is not Debian. Berth is built on Debian bookworm; it needs what these packages hold:" >&2
  printf '  %s\n' "${wanted[@]}" >&2
  exit 1
fi

# dpkg-query complains of packages it never heard of: they are missing like the others.
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null | awk '$2 == "installed" { print $1 }' || true)
missing=$(printf '%s\n' "${wanted[@]}" | sort -u | grep -vxF -e "${installed:-none}" || true)
[ -n "$missing" ] || exit 0
missing=$(tr '\n' ' ' <<<"$missing")

if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
  as_root=(sudo)
else
  echo "Some packages are missing, and this is neither root nor is there a sudo to use. Please run:" >&2
  echo "  apt-get update && apt-get install -y --no-install-recommends $missing" >&2
  exit 1
fi

echo "Installing: $missing"
# The daemons among the packages are for the tests, which start their own: none shall run on this machine because of us.
# invoke-rc.d asks this file; one that is there already is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
# shellcheck disable=SC2086  # a list of words
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
