#!/usr/bin/env bash
# Times every named network at batch 1 and 8, what the papers say about cost, and, if PEERS names a Python with the
# packages of Benchmarks/peers/requirements.txt, the peers in turn with ours; writes Benchmarks/RESULTS.md and plots.
# NAMES="stylenat-ffhq256 …" times some of them, PEER_NAMES some of the peers; PARTS="networks formats growth peers"
# does these parts in this order; BATCHES, ROUNDS, TURNS and THREADS change the rest. Timings that are in .build/bench
# already are not made again: remove the folder to begin anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STYLIST=.build/release/stylist
readonly TIMINGS=.build/bench
readonly BATCHES=${BATCHES:-1 8} ROUNDS=${ROUNDS:-5} TURNS=${TURNS:-3} THREADS=${THREADS:-$(nproc)}
readonly ENCODERS="style-transformer psp"
# The configurations come first, published files after them.
readonly GENERATORS=$("$STYLIST" model list --json | sed 's/"published":.*//' |
  grep -o '"name":"[^"]*"' | cut -d'"' -f4)
# What glibc's allocator keeps instead of giving it back.
readonly TUNED=(env MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=68719476736)
mkdir -p "$TIMINGS"

# Runs a command that prints a line of JSON, unless the file has the line of this label already:
# timed FILE LABEL COMMAND…
timed() {
  local file=$TIMINGS/$1.jsonl label=$2
  touch "$file" "$file.done"
  if grep -qxF -- "$label" "$file.done"; then return; fi
  echo "$label"
  "${@:3}" >> "$file"
  echo "$label" >> "$file.done"
}

# ours FILE TURN COMMAND OPTIONS… and theirs FILE TURN default|tuned COMMAND OPTIONS…
ours() { timed "$1" "$2 stylist bench ${*:3}" "$STYLIST" bench "${@:3}" --threads="$THREADS" --json; }
theirs() {
  local allocator=()
  if [[ $3 == tuned ]]; then allocator=("${TUNED[@]}"); fi
  timed "$1" "$2 peers, $3 allocator: ${*:4}" "${allocator[@]}" "$PEERS" Benchmarks/peers/bench.py \
    "${@:4}" --threads="$THREADS"
}

networks() {
  for name in ${NAMES:-$GENERATORS $ENCODERS}; do
    command=generate
    if [[ " $ENCODERS " == *" $name "* ]]; then command=encode; fi
    for batch in $BATCHES; do
      # Pictures of 1024×1024 are computed one after the other anyway, and eight of them take minutes.
      if [[ $name == *1024 && $batch != 1 ]]; then continue; fi
      ours networks - "$command" --cfg="$name" --batch="$batch" --rounds="$ROUNDS"
    done
  done
}

formats() {
  for name in ${NAMES:-styleformer-cifar10 styleswin-ffhq256 stylenat-ffhq256 stylegan2-256}; do
    if [[ $name == style-transformer || $name == psp ]]; then continue; fi
    for batch in $BATCHES; do
      ours networks - generate --cfg="$name" --batch="$batch" --rounds="$ROUNDS" --dtype=bfloat16 --psnr
    done
  done
}

# Attention among all pixels costs the square of their number: at 256×256 it would take tens of gigabytes.
growth() {
  for batch in $BATCHES; do
    for res in 32 64 128; do
      for attention in "" --full-attention; do
        ours styleformer - generate --cfg=styleformer-lsun128l --res=$res --batch="$batch" --rounds=2 $attention
      done
    done
    for res in 16 32 64 128 256; do
      ours windows - generate --cfg=styleswin-ffhq256 --res=$res --batch="$batch" --rounds=2
      ours windows - generate --cfg=stylenat-ffhq256 --res=$res --batch="$batch" --rounds=2
      if ((res > 64)); then continue; fi
      ours windows - generate --cfg=styleswin-ffhq256 --res=$res --batch="$batch" --rounds=2 --full-attention
    done
  done
}

peers() {
  if [[ -z ${PEERS:-} ]]; then return; fi
  for turn in $(seq "$TURNS"); do
    for name in ${PEER_NAMES:-stylenat-ffhq256 styleswin-ffhq256 styleformer-cifar10 styleformer-lsun128l \
      stylegan2-256 stylegan1-256 style-transformer}; do
      command=generate
      if [[ $name == style-transformer ]]; then command=encode; fi
      for batch in $BATCHES; do
        work=("$command" --cfg="$name" --batch="$batch" --rounds=3)
        theirs peers "$turn" default "${work[@]}"
        theirs peers "$turn" tuned "${work[@]}"
        ours peers "$turn" "${work[@]}"
      done
    done
    for allocator in default tuned; do
      theirs peers "$turn" $allocator train --cfg=auto-64 --batch=16 --rounds=5
    done
    ours peers "$turn" train --cfg=auto --res=64 --batch=16 --cbase=4096 --cmax=128 --rounds=5
  done
}

for part in ${PARTS:-networks formats growth peers}; do $part; done

lines=(--lines="$TIMINGS/networks.jsonl")
if [[ -s $TIMINGS/peers.jsonl ]]; then lines+=(--lines="$TIMINGS/peers.jsonl"); fi
"$STYLIST" bench tables "${lines[@]}" --growth="$TIMINGS/styleformer.jsonl" --growth="$TIMINGS/windows.jsonl" \
  --outdir=Benchmarks
