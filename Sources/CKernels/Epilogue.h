// What follows a convolution: a factor for each channel, noise, bias, a leaky ReLU, gain and clamp.

#pragma once

#include "Lanes.h"

namespace ckernels {
namespace {

// Channels that are computed side by side; rows of channels are whole multiples of it.
constexpr int64_t channelLanes = 16;
using Channels = Lanes<float, channelLanes>;

CKERNELS_INLINE Channels channelsAt(const float *from) { return loaded<channelLanes>(from); }

// clamp(leaky(x * scale + noise * noiseWeight + bias) * gain), where a clamp of infinity is none.
struct Epilogue {
  const float *scale, *noiseWeight, *bias, *slope;  // one number for each channel
  float gain, clamp;

  // Some channels, from `channel` on, of a pixel with the given noise.
  CKERNELS_INLINE Channels finished(const Channels &x, float noise, int64_t channel) const {
    Channels y = x * channelsAt(scale + channel) +
              (channelsAt(noiseWeight + channel) * noise + channelsAt(bias + channel));
    const Channels sloped = y * channelsAt(slope + channel);
    y = (y > 0.f ? y : sloped) * gain;
    const Channels bound = Channels{} + clamp;
    y = y > bound ? bound : y;
    return y < -bound ? -bound : y;
  }
};

}  // namespace
}  // namespace ckernels
