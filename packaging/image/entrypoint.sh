#!/bin/sh
# As the entrypoint of registry:2 and registry:3: a configuration file is served, a shell is a shell, the rest is the
# program's own.
set -e

stock=/usr/share/berth/config.yml
if [ $# -eq 0 ]; then
  set -- /etc/distribution/config.yml
  # Somebody put a file at the old place only.
  if cmp -s "$1" "$stock" && [ -f /etc/docker/registry/config.yml ]; then
    set -- /etc/docker/registry/config.yml
  fi
fi

case "$1" in
  sh | /bin/sh) exec "$@" ;;
  registry | berth | /bin/registry | /bin/berth) exec "$@" ;;
esac
if [ -f "$1" ]; then
  exec registry serve "$@"
fi
exec registry "$@"
