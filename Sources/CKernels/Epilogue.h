// What follows a convolution: a factor for each channel, noise, bias, a leaky ReLU, gain and clamp.

#pragma once

#include <cstdint>
#include <cstring>

#include "Features.h"

#pragma GCC diagnostic ignored "-Wpsabi"

namespace ckernels {
namespace {

// Channels that are computed side by side; rows of channels are whole multiples of it.
constexpr int64_t channelLanes = 16;
using Lanes __attribute__((vector_size(channelLanes * sizeof(float)))) = float;

CKERNELS_INLINE Lanes loaded(const float *from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

CKERNELS_INLINE void store(float *to, const Lanes &lanes) { std::memcpy(to, &lanes, sizeof lanes); }

// clamp(leaky(x * scale + noise * noiseWeight + bias) * gain), where a clamp of infinity is none.
struct Epilogue {
  const float *scale, *noiseWeight, *bias;  // one number for each channel
  float slope, gain, clamp;                 // the slope of the negative side, from 0 to 1

  // Some channels, from `channel` on, of a pixel with the given noise.
  CKERNELS_INLINE Lanes finished(const Lanes &x, float noise, int64_t channel) const {
    Lanes y = x * loaded(scale + channel) +
              (loaded(noiseWeight + channel) * noise + loaded(bias + channel));
    const Lanes sloped = y * slope;
    y = (y > sloped ? y : sloped) * gain;
    const Lanes bound = Lanes{} + clamp;
    y = y > bound ? bound : y;
    return y < -bound ? -bound : y;
  }
};

}  // namespace
}  // namespace ckernels
