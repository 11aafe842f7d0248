#!/usr/bin/env bash
# Prepares a machine: system libraries, libtorch in .deps/, and the pkg-config file that SwiftPM reads.
# It changes nothing that is already in place, so it is cheap to call before every build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly TORCH_VERSION=2.13.0
readonly DOWNLOAD_SITE=https://download.pytorch.org/whl/cpu

# Platform, artefact, SHA-256. Other platforms set LIBTORCH to an unpacked libtorch of their own.
readonly ARTEFACTS="\
Linux-x86_64 torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl 6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# --- System libraries ---------------------------------------------------------------------------

# pkg-config module, Debian and Ubuntu package.
readonly SYSTEM_LIBRARIES="\
libjpeg libjpeg-dev
libpng libpng-dev
libwebpdemux libwebp-dev
libwebpmux libwebp-dev
zlib zlib1g-dev
libarchive libarchive-dev"

# Program, Debian and Ubuntu package.
readonly SYSTEM_PROGRAMS="\
pkg-config pkg-config
curl curl
unzip unzip
sha256sum coreutils"

missing_packages() {
  local name package
  while read -r name package; do
    command -v "$name" >/dev/null || echo "$package"
  done <<<"$SYSTEM_PROGRAMS"
  while read -r name package; do
    pkg-config --exists "$name" 2>/dev/null || echo "$package"
  done <<<"$SYSTEM_LIBRARIES"
}

install_system_libraries() {
  local packages
  packages=$(missing_packages | sort -u | tr '\n' ' ')
  [ -z "${packages// /}" ] && return
  if [ "$(uname -s)" = Darwin ]; then
    die "missing libraries; run:  brew install jpeg-turbo libpng webp zlib libarchive pkg-config"
  fi
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    die "missing system packages; run:  sudo apt-get update && sudo apt-get install -y ${packages% }"
  fi
  say "installing ${packages% }"
  apt-get update -qq
  # shellcheck disable=SC2086  # the list is meant to be split into words
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

# --- libtorch -----------------------------------------------------------------------------------

# The artefact's name and hash for this machine, or a line that says what to do instead.
artefact_for_this_platform() {
  local platform artefact hash this
  this="$(uname -s)-$(uname -m)"
  while read -r platform artefact hash; do
    if [ "$platform" = "$this" ]; then echo "$artefact $hash"; return; fi
  done <<<"$ARTEFACTS"
  die "no libtorch is listed for $this; unpack libtorch $TORCH_VERSION and set LIBTORCH to its folder"
}

download_with_curl() {  # artefact, destination
  curl --fail --silent --location --connect-timeout 10 --retry 2 \
    --output "$2" "$DOWNLOAD_SITE/${1//+/%2B}"
}

# Asks for the CPython 3.11 wheel whatever Python runs pip: nothing of Python's is used from it.
download_with_pip() {  # artefact, destination
  local folder
  folder=$(mktemp -d)
  python3 -m pip download --quiet --no-deps --python-version 3.11 --only-binary=:all: \
    --dest "$folder" "torch==$TORCH_VERSION+cpu" >&2 && mv "$folder/$1" "$2"
  local status=$?
  rm -rf "$folder"
  return $status
}

check_hash() {  # file, expected
  local found
  found=$(sha256sum "$1" | cut -d' ' -f1)
  [ "$found" = "$2" ] || { rm -f "$1"; die "$(basename "$1"): SHA-256 is $found, expected $2; stopped"; }
}

# Unpacks the parts of the wheel that a C++ program needs into .deps/libtorch-VERSION.
fetch_libtorch() {
  local artefact hash destination=".deps/libtorch-$TORCH_VERSION" scratch
  read -r artefact hash <<<"$(artefact_for_this_platform)"
  [ -n "${hash:-}" ] || exit 1
  if [ -e "$destination/$hash" ]; then echo "$PWD/$destination"; return; fi
  mkdir -p .deps
  rm -rf .deps/fetch.*  # what an interrupted run left
  scratch=$(mktemp -d .deps/fetch.XXXXXX)
  say "fetching libtorch $TORCH_VERSION (about 190 MB)"
  download_with_curl "$artefact" "$scratch/$artefact" || {
    say "$DOWNLOAD_SITE did not answer; trying pip"
    download_with_pip "$artefact" "$scratch/$artefact" \
      || die "libtorch could not be fetched with curl or pip; set LIBTORCH to an unpacked libtorch $TORCH_VERSION"
  }
  check_hash "$scratch/$artefact" "$hash"
  unzip -q "$scratch/$artefact" 'torch/include/*' 'torch/lib/*.so*' \
    -x 'torch/lib/libtorch_python.so' -d "$scratch"
  touch "$scratch/torch/$hash"
  rm -rf "$destination"
  mv "$scratch/torch" "$destination"
  rm -rf "$scratch"
  echo "$PWD/$destination"
}

find_libtorch() {
  if [ -z "${LIBTORCH:-}" ]; then fetch_libtorch; return; fi
  [ -d "$LIBTORCH/lib" ] && [ -d "$LIBTORCH/include/torch" ] \
    || die "LIBTORCH=$LIBTORCH: expected the folders lib/ and include/torch/"
  (cd "$LIBTORCH" && pwd)
}

# --- The pkg-config file ------------------------------------------------------------------------

write_pkgconfig() {  # libtorch
  local libraries="-ltorch -ltorch_cpu -lc10" file=.deps/pkgconfig/stylist-torch.pc
  [ -e "$1/lib/libtorch_cuda.so" ] && libraries="-ltorch -ltorch_cuda -ltorch_cpu -lc10_cuda -lc10"
  mkdir -p .deps/pkgconfig
  cat >"$file.new" <<PC
prefix=$1

Name: stylist-torch
Description: libtorch, as Stylist links it
Version: $TORCH_VERSION
Cflags: -I\${prefix}/include -I\${prefix}/include/torch/csrc/api/include
Libs: -L\${prefix}/lib $libraries
PC
  # An unchanged file keeps its date, so that nothing is built again for it.
  if cmp -s "$file.new" "$file"; then rm "$file.new"; else mv "$file.new" "$file"; fi
}

install_system_libraries
libtorch=$(find_libtorch)
write_pkgconfig "$libtorch"
say "ready: $libtorch"
