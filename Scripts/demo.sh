#!/usr/bin/env bash
# Makes pictures to look at with the model that comes with the project: in demo/, or in the folder that is named.
set -euo pipefail
readonly OUT=$(realpath -m "${1:-$(dirname "${BASH_SOURCE[0]}")/../demo}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STYLIST=${STYLIST:-.build/release/stylist}
readonly NETWORK=--network=stylegan2-portraits64

run() {
  printf '\n$ stylist'
  printf ' %s' "$@"
  printf '\n'
  # The names of single pictures are for scripts.
  "$STYLIST" "$@" | { grep -v -e '/[0-9]*-' -e '/seed' || true; }
}

run generate "$NETWORK" --seeds=0-35 --trunc=0.7 --grid=6x6 --outdir="$OUT/samples" --show
run mix "$NETWORK" --rows=57,28 --cols=12,31,37,40,41,46 --styles=coarse,middle,fine --trunc=0.7 --outdir="$OUT/mixing" --show
run generate "$NETWORK" --seeds=57,37,28 --trunc=1,0.7,0.5,0,-0.5,-1 --outdir="$OUT/truncation" --show
run video "$NETWORK" --seeds=0-23 --w-frames=20 --fps=20 --trunc=0.7 --grid=3x2 --output="$OUT/walk.webp"

printf '\nLook at %s\n' "$OUT/samples/grid.png, $OUT/mixing/grid.png, $OUT/truncation/grid.png and $OUT/walk.webp"
