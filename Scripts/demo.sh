#!/usr/bin/env bash
# Makes pictures to look at with the programs that are built, into demo/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STYLIST=.build/release/stylist
# No trained network comes with the project yet: this one has random weights, and draws what they happen to say.
readonly NETWORK=(--cfg=config-e --res=64 --init-seed=2 --trunc=0.7)
# A network file in the published format, tiny and with random weights, from the parity cases.
readonly PUBLISHED=Tests/ParityTests/Cases/checkpoint-stylegan2-ada-pkl/network-protocol3.pkl

run() {
  printf '\n$ stylist'
  printf ' %s' "$@"
  printf '\n'
  "$STYLIST" "$@"
}

run generate "${NETWORK[@]}" --seeds=0-35 --grid=6x6 --outdir=demo/samples
run mix "${NETWORK[@]}" --rows=85,100,75 --cols=55,821,1789,293 --styles=0-5 --outdir=demo/mixing
run video "${NETWORK[@]}" --seeds=0-3 --w-frames=20 --fps=20 --output=demo/walk.webp
run generate --network="$PUBLISHED" --seeds=0-3 --trunc=0.7 --grid=4x1 --outdir=demo/published
rm -f demo/portraits.zip
run dataset portraits --count=64 --resolution=128 --dest=demo/portraits.zip --sheet=demo/portraits.png

printf '\nLook at demo/samples/grid.png, demo/mixing/grid.png, demo/walk.webp, demo/published/grid.png and demo/portraits.png\n'
