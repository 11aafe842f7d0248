// Filters over images in float32 whose channels lie side by side, with or without what follows.

#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "Epilogues.h"
#include "Parallel.h"
#include "ResamplingAxis.h"

namespace ckernels {
namespace {

// A pixel of the image under a filter's tap.
struct Tap {
  const float *pixel;
  float factor;
};

template <int groups>
CKERNELS_INLINE void filterChannels(const Tap *taps, int64_t count, const Epilogue *epilogue,
                                    float noise, int64_t channel, float *to) {
  Channels sums[groups] = {};
  for (int64_t t = 0; t < count; t++) {
    for (int g = 0; g < groups; g++)
      sums[g] += channelsAt(taps[t].pixel + channel + g * channelLanes) * taps[t].factor;
  }
  for (int g = 0; g < groups; g++) {
    const int64_t c = channel + g * channelLanes;
    store(to + c, epilogue == nullptr ? sums[g] : epilogue->finished(sums[g], noise, c));
  }
}

// The channels of a pixel of the result; without an epilogue the sums are the result.
CKERNELS_FOR_EACH_LEVEL
void filterPixel(const Tap *taps, int64_t count, const Epilogue *epilogue, float noise,
                 int64_t channels, float *to) {
  int64_t c = 0;
  for (; c + 4 * channelLanes <= channels; c += 4 * channelLanes)
    filterChannels<4>(taps, count, epilogue, noise, c, to);
  for (; c < channels; c += channelLanes) filterChannels<1>(taps, count, epilogue, noise, c, to);
}

// y [N, C, H', W'] = x [N, C, H, W], resampled along both axes with `factors` [taps of y, taps of
// x], and finished if there are epilogues. Both images are in channels-last order.
inline void filterChannelsLast(const at::Tensor &x, const at::Tensor &y, const float *factors,
                               const ResamplingAxis &across, const ResamplingAxis &down,
                               const Epilogues *epilogues) {
  const int64_t channels = x.size(1), rows = down.outputs, columns = across.outputs;
  forEachRow(x.size(0) * rows, columns * channels, [&](int64_t index) {
    const int64_t sample = index / rows, row = index % rows;
    const float *image =
        x.const_data_ptr<float>() + sample * down.inputs * across.inputs * channels;
    float *to = y.mutable_data_ptr<float>() + index * columns * channels;
    std::optional<Epilogue> epilogue;
    if (epilogues != nullptr) epilogue = epilogues->of(sample);
    const float *noise = epilogues == nullptr ? nullptr : epilogues->noise(sample, row, 0);
    std::vector<Tap> taps(down.taps * across.taps);
    for (int64_t column = 0; column < columns; column++, to += channels) {
      int64_t count = 0;
      for (int64_t ty = 0; ty < down.taps; ty++) {
        const int64_t fromRow = down.input(row, ty);
        for (int64_t tx = 0; fromRow >= 0 && tx < across.taps; tx++) {
          const int64_t from = across.input(column, tx);
          if (from >= 0)
            taps[count++] = {image + (fromRow * across.inputs + from) * channels,
                             factors[ty * across.taps + tx]};
        }
      }
      filterPixel(taps.data(), count, epilogue ? &*epilogue : nullptr,
                  noise == nullptr ? 0.f : noise[column], channels, to);
    }
  });
}

}  // namespace
}  // namespace ckernels
