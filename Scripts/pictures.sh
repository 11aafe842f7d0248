#!/usr/bin/env bash
# Makes the pictures of README and documentation again, with the programs that are built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STYLIST=$PWD/.build/release/stylist
readonly SHIPPED=Models/stylegan2-portraits64
readonly NETWORKS=Sources/Networks/Networks.docc
readonly MADE=$(mktemp -d)
trap 'rm -rf "$MADE"' EXIT

# Runs a command that makes pictures, and takes one of them: picture FROM TO COMMAND…
picture() {
  local from=$1 to=$2
  shift 2
  # The pictures hold the command that made them, so it should not name a folder of this machine.
  (cd "$MADE" && "$STYLIST" "$@" --outdir=out > /dev/null)
  cp "$MADE/out/$from" "$to"
  echo "$to"
}

readonly PORTRAITS=--network=stylegan2-portraits64
picture grid.png $SHIPPED/samples.png generate $PORTRAITS --seeds=0-35 --trunc=0.7 --grid=6x6
picture grid.png $NETWORKS/mixing.png \
  mix $PORTRAITS --rows=57,28 --cols=12,31,37,40,41,46 --styles=coarse,middle,fine --trunc=0.7
picture grid.png $NETWORKS/truncation.png \
  generate $PORTRAITS --seeds=57,37,28 --trunc=1,0.7,0.5,0,-0.5,-1
picture grid.png $NETWORKS/stylegan2-noise.png noise $PORTRAITS --seeds=57,28

readonly EDITED="--seeds=57,28 --trunc=0.7"
for kind in pca sefa; do
  (cd "$MADE" && "$STYLIST" directions $kind $PORTRAITS --out=$kind.safetensors > /dev/null)
done
picture grid.png Sources/Editing/Editing.docc/component.png \
  edit direction $PORTRAITS $EDITED --direction=pca.safetensors --strength=-3,-1.5,0,1.5,3
picture grid.png Sources/Editing/Editing.docc/factor.png \
  edit direction $PORTRAITS $EDITED --direction=sefa.safetensors --index=2 --strength=-4,-2,0,2,4
(cd "$MADE" && "$STYLIST" dataset portraits --count=4 --resolution=64 --seed=900 --dest=photos > /dev/null)
picture grid.png Sources/Workbench/Workbench.docc/inverted.png \
  invert $PORTRAITS --data=photos/00000 --space=w+ --refine-steps=300
(cd "$MADE" && "$STYLIST" invert $PORTRAITS --data=photos/00000 --refine-steps=300 --outdir=inverted > /dev/null)
picture grid.png Sources/Editing/Editing.docc/edited.png \
  edit direction $PORTRAITS --latents=inverted/codes.safetensors \
  --direction=sefa.safetensors --index=1 --strength=-3,-1.5,0,1.5,3

picture augmented.png Sources/Training/Training.docc/augmentation.png \
  dataset augment --data=portraits --count=4

picture grid.png $NETWORKS/stylegan1-mixing.png \
  mix --cfg=stylegan1-256 --res=64 --rows=1,3 --cols=0,2,4,5 --styles=coarse,middle,fine
picture attention.png $NETWORKS/styleformer-attention.png \
  attention --cfg=styleformer-cifar10 --pixel=10,20 --layers=1,2
picture grid.png $NETWORKS/styleformer-c.png \
  generate --cfg=styleformer-c-256 --res=64 --seeds=0-5 --grid=6x1
picture attention.png $NETWORKS/styleswin-attention.png \
  attention --cfg=styleswin-ffhq256 --res=64 --seed=1 --pixel=20,40 --layers=4,6
picture attention.png $NETWORKS/stylenat-attention.png \
  attention --cfg=stylenat-ffhq256 --res=64 --seed=1 --pixel=20,40 --layers=4,6,8
picture shift.png $NETWORKS/equivariance.png attention --shift
