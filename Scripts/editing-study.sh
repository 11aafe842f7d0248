#!/usr/bin/env bash
# Trains classifiers of codes and edit transformers for a generator of portraits from three seeds, finds directions, and compares
# all ways to edit. Given again, it goes on where it was. What is not as usual stands in variables:
#   NETWORK=stylegan2-portraits64  ATTRIBUTES=Smiling,Eyeglasses,Wearing_Hat,Bald,Blond_Hair  CLASSIFIER_KIMG=200  EDIT_KIMG=400
#   SAMPLES=20000  COUNT=100  SEEDS="0 1 2"  OUT=study/editing/$NETWORK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STYLIST=$PWD/.build/release/stylist
readonly NETWORK=${NETWORK:-stylegan2-portraits64}
readonly ATTRIBUTES=${ATTRIBUTES:-Smiling,Eyeglasses,Wearing_Hat,Bald,Blond_Hair}
readonly CLASSIFIER_KIMG=${CLASSIFIER_KIMG:-200} EDIT_KIMG=${EDIT_KIMG:-400}
readonly SAMPLES=${SAMPLES:-20000} COUNT=${COUNT:-100} SEEDS=${SEEDS:-0 1 2}
readonly OUT=${OUT:-study/editing/$NETWORK}
mkdir -p "$OUT"

# Trains a network, or goes on with it: train KIND FOLDER KIMG OPTION…
train() {
  local kind=$1 folder=$OUT/$2 kimg=$3
  shift 3
  if compgen -G "$folder/0*/training-state-*" > /dev/null; then
    "$STYLIST" train "$kind" --resume=latest --kimg="$kimg" --outdir="$folder"
  else
    "$STYLIST" train "$kind" --network="$NETWORK" --kimg="$kimg" --outdir="$folder" "$@"
  fi
}

# The newest networks of trainings, or files, one for each seed, with commas between: of NAME
of() {
  local all=()
  for seed in $SEEDS; do
    if [ -d "$OUT/$1-seed$seed" ]; then all+=("$OUT/$1-seed$seed"/0*); else all+=("$OUT/$1-seed$seed.safetensors"); fi
  done
  (IFS=, && echo "${all[*]}")
}

for seed in $SEEDS; do
  train latent-classifier "classifier-seed$seed" "$CLASSIFIER_KIMG" --seed="$seed"
  classifier=$(echo "$OUT/classifier-seed$seed"/0*)
  for way in features logits paper; do
    options=(--classifier="$classifier" --attribute="$ATTRIBUTES" --seed="$seed")
    case $way in
      logits) options+=(--edit-loss=logits) ;;
      paper) options+=(--attention=paper) ;;
    esac
    train edit "$way-seed$seed" "$EDIT_KIMG" "${options[@]}"
  done
  for way in boundaries orthogonal; do
    file=$OUT/$way-seed$seed.safetensors
    if [ ! -e "$file" ]; then
      options=(--attribute="$ATTRIBUTES" --samples="$SAMPLES" --seed=$((10000000 * (seed + 1))))
      if [ $way = orthogonal ]; then options+=(--orthogonal); fi
      "$STYLIST" directions attributes --network="$NETWORK" "${options[@]}" --out="$file"
    fi
  done
done

cat > "$OUT/methods.txt" <<METHODS
label:                --classifier=$(of classifier)
label-in-steps:       --classifier=$(of classifier) --steps=8
direction:            --direction=$(of boundaries)
direction-orthogonal: --direction=$(of orthogonal)
reference:            --editor=$(of features)
reference-logits:     --editor=$(of logits)
reference-paper:      --editor=$(of paper)
METHODS

# Trainings see the codes of the seeds below 2^20; those of later ones are edited.
repetitions=$(for seed in $SEEDS; do echo $((30000 + seed)); done | paste -sd,)
"$STYLIST" metrics editing --network="$NETWORK" --attribute="$ATTRIBUTES" --methods="$OUT/methods.txt" --count="$COUNT" \
  --seeds="$repetitions" --outdir="$OUT/compared"
echo "Look at $OUT/compared/editing.md"
