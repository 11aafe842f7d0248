#!/usr/bin/env bash
# Trains encoders into a generator of portraits from three seeds, and compares all ways to invert on portraits that nobody
# has learned from. Given again, it goes on where it was. What is not as usual stands in variables:
#   NETWORK=stylegan2-portraits64  KIMG=40  COUNT=64  SEEDS=0-2  STEPS=300  TUNE_STEPS=100  OUT=study/$NETWORK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STYLIST=$PWD/.build/release/stylist
readonly NETWORK=${NETWORK:-stylegan2-portraits64} KIMG=${KIMG:-40} COUNT=${COUNT:-64} SEEDS=${SEEDS:-0-2}
readonly STEPS=${STEPS:-300} TUNE_STEPS=${TUNE_STEPS:-100}
readonly OUT=${OUT:-study/$NETWORK}
mkdir -p "$OUT"

# Trainings see the portraits of the seeds below 2^20.
if [ ! -d "$OUT/photographs" ]; then
  "$STYLIST" dataset portraits --count="$COUNT" --resolution=64 --seed=2000000 --dest="$OUT/photographs"
fi
# A fixed edit of all codes: the direction in which w varies most.
"$STYLIST" directions pca --network="$NETWORK" --out="$OUT/directions.safetensors" > "$OUT/directions.txt"

# Style Transformer's encoder without one of its parts; the whole one is a rung of the ladder of encoders.
cat > "$OUT/parts.txt" <<PARTS
no-self-attention: --no-self-attention
coarsest-map:      --levels=coarse,coarse,coarse
one-level:         --levels=fine
no-average:        --no-average
into-w:            --space=w
PARTS

# Trains the rungs of a ladder: train LADDER FOLDER
train() {
  "$STYLIST" train encoder-ladder "$1" --network="$NETWORK" --data=portraits --kimg="$KIMG" --snap=5 --held-out=64 \
    --seeds="$SEEDS" --outdir="$OUT/$2"
}
train encoders encoders
train "$OUT/parts.txt" parts

# The folders of a rung's trainings, with commas between.
runs() {
  local all=("$OUT/$1-seed"*/0*)
  (IFS=, && echo "${all[*]}")
}

encoder=$(runs encoders/style-transformer)
cat > "$OUT/compared.txt" <<METHODS
style-transformer: --encoder=$encoder
psp:               --encoder=$(runs encoders/psp)
psp-w:             --encoder=$(runs encoders/psp-w)
psp-w-plus:        --encoder=$(runs encoders/psp-w-plus)
no-self-attention: --encoder=$(runs parts/no-self-attention)
coarsest-map:      --encoder=$(runs parts/coarsest-map)
one-level:         --encoder=$(runs parts/one-level)
no-average:        --encoder=$(runs parts/no-average)
into-w:            --encoder=$(runs parts/into-w)
search-w:          --refine-steps=$STEPS
search-w-plus:     --refine-steps=$STEPS --space=w+
hybrid:            --encoder=$encoder --refine-steps=50
hybrid-psp:        --encoder=$(runs encoders/psp) --refine-steps=50
tuned:             --encoder=$encoder --tune-generator --tune-steps=$TUNE_STEPS
METHODS

"$STYLIST" metrics inversion --network="$NETWORK" --data="$OUT/photographs" --methods="$OUT/compared.txt" --seeds="$SEEDS" \
  --direction="$OUT/directions.safetensors" --strength=2 --outdir="$OUT/compared"
echo "Look at $OUT/compared/inversion.md, $OUT/encoders/ladder.md and $OUT/parts/ladder.md"
