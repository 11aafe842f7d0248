// Images in channels-last order, and the numbers of what follows a convolution for all samples of a
// batch.

#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <limits>
#include <optional>

#include "Epilogue.h"

namespace ckernels {
namespace {

using Optional = std::optional<at::Tensor>;

// [N, C, H, W] whose channels lie side by side.
inline at::Tensor channelsLast(const at::Tensor &x) {
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

// Whether channels lie side by side, and in no other order at once.
inline bool isChannelsLast(const at::Tensor &x) {
  return x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast) && !x.is_contiguous();
}

inline at::Tensor emptyImages(const at::Tensor &like, int64_t channels, int64_t height,
                              int64_t width) {
  return at::empty({like.size(0), channels, height, width}, like.options(),
                   at::MemoryFormat::ChannelsLast);
}

// The numbers of an epilogue for the samples of a batch; what is missing changes nothing. The slope
// of the negative side is one for all channels, unless there are slopes.
class Epilogues {
 public:
  Epilogues(const char *name, const at::Tensor &like, at::IntArrayRef results,
            const Optional &scale, const Optional &noise, const Optional &noiseWeight,
            const Optional &bias, double slope, double gain, std::optional<double> clamp,
            const Optional &slopes = {})
      : gain(gain),
        clamp(clamp.value_or(std::numeric_limits<double>::infinity())),
        width(results[3]) {
    TORCH_CHECK(slope >= 0 && slope <= 1 && gain > 0, name, ": slope ", slope, " and gain ", gain,
                ", expected a slope from 0 to 1 and a positive gain");
    const int64_t n = results[0], channels = results[1], pixels = results[2] * width;
    const auto whole = [&](const Optional &given, double otherwise, at::IntArrayRef sizes) {
      if (!given) return at::full(sizes, otherwise, like.options());
      TORCH_CHECK(given->sizes() == sizes && given->scalar_type() == at::kFloat, name,
                  ": an epilogue's part of sizes ", given->sizes(), ", expected ", sizes,
                  " in float32");
      return given->contiguous();
    };
    scales = whole(scale, 1, {n, channels});
    weights = whole(noiseWeight, 1, {channels});
    biases = whole(bias, 0, {channels});
    this->slopes = whole(slopes, slope, {channels});
    if (noise) {
      TORCH_CHECK(noise->scalar_type() == at::kFloat &&
                      (noise->numel() == pixels || noise->numel() == n * pixels),
                  name, ": noise of sizes ", noise->sizes(), " for results of ", results);
      noises = noise->contiguous();
      noiseStep = noise->numel() == pixels ? 0 : pixels;
    }
  }

  // For the channels of a sample from one on.
  Epilogue of(int64_t sample, int64_t channel = 0) const {
    return {scales.const_data_ptr<float>() + sample * scales.size(1) + channel,
            weights.const_data_ptr<float>() + channel,
            biases.const_data_ptr<float>() + channel,
            slopes.const_data_ptr<float>() + channel,
            gain,
            clamp};
  }

  // The noise of a pixel and of those after it; null for none.
  const float *noise(int64_t sample, int64_t y, int64_t x) const {
    return noises.defined() ? noises.const_data_ptr<float>() + sample * noiseStep + y * width + x
                            : nullptr;
  }

 private:
  at::Tensor scales, weights, biases, slopes, noises;
  float gain, clamp;
  int64_t noiseStep = 0;

 public:
  const int64_t width;
};

}  // namespace
}  // namespace ckernels
