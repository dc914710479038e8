#!/bin/sh
# packaging/image/build.sh [BERTH [TAG]]: an OCI image from nothing with buildah: the program, the libraries it needs,
# busybox, the authorities' certificates. Needs buildah, busybox-static and ca-certificates; no network.
#   BERTH  the program; default build/release/berth
#   TAG    name of the image; default localhost/berth:latest
# Run it as root or with `buildah unshare`. SOURCE_DATE_EPOCH makes two runs give the same image.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
berth=${1:-$here/../../build/release/berth}
tag=${2:-localhost/berth:latest}
busybox=${BUSYBOX:-/bin/busybox}
certificates=/etc/ssl/certs/ca-certificates.crt

fail() {
  echo "packaging/image/build.sh: $*" >&2
  exit 1
}
[ -x "$berth" ] || fail "$berth is missing; run make build first"
command -v buildah >/dev/null || fail "buildah is missing (apt-get install buildah)"
[ -x "$busybox" ] || fail "$busybox is missing (apt-get install busybox-static)"
[ -f "$certificates" ] || fail "$certificates is missing (apt-get install ca-certificates)"
if ldd "$busybox" >/dev/null 2>&1; then fail "$busybox is not static (apt-get install busybox-static)"; fi

root=$(mktemp -d)
container=
cleanup() {
  rm -rf "$root"
  if [ -n "$container" ]; then buildah rm "$container" >/dev/null; fi
}
trap cleanup EXIT INT TERM

for directory in bin etc/distribution etc/docker/registry etc/ssl/certs usr/share/berth var/lib/registry; do
  mkdir -p "$root/$directory"
done
mkdir -m 1777 "$root/tmp"
mkdir -m 0700 "$root/root"

install -m 0755 "$berth" "$root/bin/berth"
ln -s berth "$root/bin/registry"
# The loader looks where it looked when the program was linked, so every library keeps its path.
ldd "$berth" | sed -n -e 's|.*=> \(/[^ ]*\) .*|\1|p' -e 's|^[[:space:]]*\(/[^ ]*\) .*|\1|p' | sort -u |
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done

install -m 0755 "$busybox" "$root/bin/busybox"
"$busybox" --list | while read -r applet; do
  [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
done

install -m 0644 "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
install -m 0644 "$here/../config.yml" "$root/etc/distribution/config.yml"
install -m 0644 "$here/../config.yml" "$root/usr/share/berth/config.yml"
# A file mounted at the old place lands on the new one, so that both names say the same.
ln -s /etc/distribution/config.yml "$root/etc/docker/registry/config.yml"
install -m 0755 "$here/entrypoint.sh" "$root/entrypoint.sh"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' > "$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"

container=$(buildah from scratch)
buildah copy --quiet "$container" "$root" / >/dev/null
buildah config \
  --entrypoint '["/entrypoint.sh"]' --cmd '' \
  --volume /var/lib/registry --port 5000/tcp \
  --env PATH=/bin --env OTEL_TRACES_EXPORTER=none \
  --label org.opencontainers.image.title=Berth \
  --label "org.opencontainers.image.version=$("$berth" --version | sed 's/^berth //')" \
  --label org.opencontainers.image.licenses=Apache-2.0 \
  "$container"
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
  buildah commit --quiet --format oci --timestamp "$SOURCE_DATE_EPOCH" "$container" "$tag" >/dev/null
else
  buildah commit --quiet --format oci "$container" "$tag" >/dev/null
fi
echo "built $tag"
