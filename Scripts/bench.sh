#!/usr/bin/env bash
# Times every named generator and encoder at batch 1 and 8, and writes Benchmarks/RESULTS.md.
# NAMES="stylenat-ffhq256 …" times some of them; BATCHES, ROUNDS and THREADS change the rest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STYLIST=.build/release/stylist
readonly RESULTS=Benchmarks/RESULTS.md
readonly LINES=.build/bench.jsonl
readonly BATCHES=${BATCHES:-1 8} ROUNDS=${ROUNDS:-5} THREADS=${THREADS:-$(nproc)}
readonly ENCODERS="style-transformer psp"
readonly GENERATORS=$("$STYLIST" model list --json | grep -o '"configurations":.*' |
  grep -o '"name":"[^"]*"' | cut -d'"' -f4)

# The value of a field of a line of JSON: field NAME LINE
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,}\"]*\).*/\1/p" <<< "$2"; }

row() {
  local line=$1 name
  for name in cfg batch dtype s_per_image best first_image_s peak_mib runtime_mib gflop_per_image \
    gflops fraction; do field "$name" "$line"; done | paste -sd' ' | awk '{
      printf "| `%s` | %s | %s | %.3f | %.3f | %.2f | %.0f | %.2f | %.0f | %.0f %% |\n",
        $1, $2, $3, $4, $5, $6, $7 - $8, $9, $10, 100 * $11 }'
}

{
  echo "# Results"
  echo
  echo "$(date -u +%Y-%m-%d), $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), $THREADS threads, libtorch" \
    "$("$STYLIST" doctor --json | grep -o '"found":"[^"]*"' | head -1 | cut -d'"' -f4)."
  echo "\`make bench\` writes this page: seconds for an image (median and best of $ROUNDS rounds), seconds from the start of the"
  echo "program to the first image, MiB beyond what the program holds before it makes the network, GFLOP for an image, and how"
  echo "much of the machine's best that is, measured in the same process."
  echo
  echo "| configuration | batch | format | s | best | first | MiB | GFLOP | GFLOP/s | of the best |"
  echo "|---|---|---|---|---|---|---|---|---|---|"
} > "$RESULTS"
: > "$LINES"
for name in ${NAMES:-$GENERATORS $ENCODERS}; do
  command=generate
  if [[ " $ENCODERS " == *" $name "* ]]; then command=encode; fi
  for batch in $BATCHES; do
    line=$("$STYLIST" bench $command --cfg="$name" --batch="$batch" --rounds="$ROUNDS" \
      --threads="$THREADS" --json)
    echo "$line" >> "$LINES"
    row "$line" | tee -a "$RESULTS"
  done
done
echo "$RESULTS"
