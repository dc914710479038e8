#!/bin/sh
# packaging/install.sh BUILD_DIRECTORY: installs what BUILD_DIRECTORY has built. DESTDIR and PREFIX (/usr) as usual.
# An existing configuration is kept.
set -eu

build=${1:?usage: packaging/install.sh BUILD_DIRECTORY}
source=$(cd "$(dirname "$0")" && pwd)
prefix=${PREFIX:-/usr}
root=${DESTDIR:-}

if [ ! -x "$build/berth" ]; then
  echo "packaging/install.sh: $build/berth is missing; run make build first" >&2
  exit 1
fi

install -d "$root$prefix/bin" "$root$prefix/lib/systemd/system" "$root$prefix/share/doc/berth" "$root/etc/berth"
install -m 0755 "$build/berth" "$root$prefix/bin/berth"
# Distribution's name: the program then takes Distribution's command line.
ln -sfn berth "$root$prefix/bin/registry"

for unit in berth.service berth.socket; do
  sed -e "s|/usr/bin/berth|$prefix/bin/berth|" -e "s|file:/usr/share|file:$prefix/share|" \
    "$source/systemd/$unit" > "$root$prefix/lib/systemd/system/$unit"
  chmod 0644 "$root$prefix/lib/systemd/system/$unit"
done

for document in docs/configuration.md LICENSE README.md; do
  if [ -f "$source/../$document" ]; then
    install -m 0644 "$source/../$document" "$root$prefix/share/doc/berth/"
  fi
done

if [ -e "$root/etc/berth/config.yml" ]; then
  echo "kept $root/etc/berth/config.yml"
else
  install -m 0644 "$source/config.yml" "$root/etc/berth/config.yml"
fi
echo "installed $root$prefix/bin/berth and $root$prefix/bin/registry"
