#!/usr/bin/env bash
# Runs the tests layer by layer, so that a broken foundation is seen before what stands on it.
# Arguments: the flags that the tests were built with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly LAYERS="ArchitectureTests FormatsTests TensorsTests LayersTests NetworksTests CheckpointsTests \
WorkbenchTests StylistTests ParityTests"

for layer in $LAYERS; do
  echo "== $layer"
  swift test --skip-build "$@" --filter "^$layer\."
done
