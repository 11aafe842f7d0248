// The inner loops of 3×3 convolutions by Winograd's minimal filtering, compiled for every level of
// processor features.

#pragma once

#include "WinogradTransforms.h"

namespace ckernels {
namespace {

#define CKERNELS_WINOGRAD(Axis)                                                               \
  CKERNELS_FOR_EACH_LEVEL                                                                     \
  void transformKernels(Axis, const float *weight, const KernelStrides &strides,              \
                        int64_t inChannels, float *to, int64_t frequencyStep) {               \
    transformKernelsTo<Axis>(weight, strides, inChannels, to, frequencyStep);                 \
  }                                                                                           \
  CKERNELS_FOR_EACH_LEVEL                                                                     \
  void transformPatch(Axis, const float *const *pixels, const float *scale, int64_t channels, \
                      float *to, int64_t frequencyStep) {                                     \
    transformPatchTo<Axis>(pixels, scale, channels, to, frequencyStep);                       \
  }                                                                                           \
  CKERNELS_FOR_EACH_LEVEL                                                                     \
  void finishTile(Axis, const float *sums, int64_t frequencyStep, int64_t channels,           \
                  const Epilogue *epilogue, const Tile &tile) {                               \
    finishTileTo<Axis>(sums, frequencyStep, channels, epilogue, tile);                        \
  }
CKERNELS_WINOGRAD(SameSize)
CKERNELS_WINOGRAD(DoubleSize)
CKERNELS_WINOGRAD(HalfSize)
#undef CKERNELS_WINOGRAD

// sums[tile][o] = Σ_i patches[tile][i] · kernels[i][o], for a group of tiles and one of outputs.
CKERNELS_INLINE void multiplyGroup(const float *patches, int64_t patchStep, const float *kernels,
                                   int64_t inChannels, float *sums, int64_t sumStep) {
  Channels low[tileGroup] = {}, high[tileGroup] = {};
  for (int64_t i = 0; i < inChannels; i++) {
    const Channels first = channelsAt(kernels + i * outputGroup);
    const Channels second = channelsAt(kernels + i * outputGroup + channelLanes);
    for (int t = 0; t < tileGroup; t++) {
      const float x = patches[t * patchStep + i];
      low[t] += x * first;
      high[t] += x * second;
    }
  }
  for (int t = 0; t < tileGroup; t++) {
    store(sums + t * sumStep, low[t]);
    store(sums + t * sumStep + channelLanes, high[t]);
  }
}

// The same for whole groups of tiles and all outputs, at one frequency.
CKERNELS_FOR_EACH_LEVEL
void multiplyBlock(const float *patches, int64_t patchStep, const float *kernels,
                   int64_t inChannels, float *sums, int64_t sumStep, int64_t outChannels,
                   int64_t tiles) {
  for (int64_t o = 0; o < outChannels; o += outputGroup) {
    for (int64_t t = 0; t < tiles; t += tileGroup)
      multiplyGroup(patches + t * patchStep, patchStep, kernels + o * inChannels, inChannels,
                    sums + t * sumStep + o, sumStep);
  }
}

}  // namespace
}  // namespace ckernels
