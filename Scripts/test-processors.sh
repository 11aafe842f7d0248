#!/usr/bin/env bash
# Runs the layers' tests on emulated processors: one with AVX2 and one with neither AVX2 nor AVX-512, so that the kernels that
# processors of today never choose are tested, too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly PROCESSORS="Haswell Nehalem"
readonly TESTS=.build/release/StylistPackageTests.xctest

if ! command -v qemu-x86_64 >/dev/null; then
  echo "test-processors: expected qemu-x86_64 (Debian: qemu-user), found none" >&2
  exit 1
fi

# Emulated threads that wait for each other should sleep.
export OMP_WAIT_POLICY=passive
for processor in $PROCESSORS; do
  echo "== $processor"
  # What the emulator lacks of a processor beside its arithmetic is of no interest here.
  qemu-x86_64 -cpu "$processor" "$TESTS" --testing-library swift-testing --filter '^LayersTests\.' "$@" \
    2> >(grep -v "TCG doesn't support requested feature" >&2)
done
