// The gradient of the kernels of a 3×3 convolution by Winograd's minimal filtering.
//
// The convolution takes patches and kernels to frequencies, multiplies, and takes the products to
// tiles of the result. Its gradient goes the same way back: the gradients' tiles are taken to
// frequencies, multiplied with those of the patches and summed over all tiles, and the sums are
// taken to kernels.

#include <ATen/core/Tensor.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

#include "Epilogues.h"
#include "Parallel.h"
#include "WinogradTransforms.h"

namespace ckernels {
namespace {

// One axis of the gradient of the convolution `SameSize`: the transposes of what it does to results
// and to kernels.
struct SameSizeGradient {
  using Convolution = SameSize;
  static constexpr int64_t patch = 4, frequencies = 6;

  CKERNELS_INLINE static void spectrumOfPatch(const Channels *y, Channels *to) {
    const Channels even = y[0] + y[2], odd = y[1] + y[3];
    const Channels wide = y[0] + 4.f * y[2], steep = 2.f * y[1] + 8.f * y[3];
    to[0] = y[0];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = wide + steep;
    to[4] = wide - steep;
    to[5] = y[3];
  }

  CKERNELS_INLINE static void kernelOfSpectrum(const Channels *u, Channels *to) {
    const Channels near = (u[1] + u[2]) * (-1 / 6.f), far = u[3] + u[4];
    to[0] = u[0] * 0.25f + near + far * (1 / 24.f);
    to[1] = (u[2] - u[1]) * (1 / 6.f) + (u[3] - u[4]) * (1 / 12.f);
    to[2] = near + far * (1 / 6.f) + u[5];
  }
};

// The same for `HalfSize`, whose kernels are mirrored.
struct HalfSizeGradient {
  using Convolution = HalfSize;
  static constexpr int64_t patch = 4, frequencies = 9;

  CKERNELS_INLINE static void spectrumOfPatch(const Channels *y, Channels *to) {
    const Channels even = y[0] + y[2], odd = y[1] + y[3];
    to[0] = y[0];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = y[0] + 4.f * y[2] + (2.f * y[1] + 8.f * y[3]);
    to[4] = y[3];
    for (int i = 0; i < 4; i++) to[5 + i] = y[i];
  }

  CKERNELS_INLINE static void kernelOfSpectrum(const Channels *u, Channels *to) {
    to[0] = (u[0] - u[1]) * 0.5f + (u[3] - u[2]) * (1 / 6.f);
    to[1] = u[5];
    to[2] = u[1] * -0.5f + u[2] * (1 / 6.f) + u[3] * (1 / 3.f) + u[4];
  }
};

constexpr int64_t kernelCount = kernelFrequencies * kernelFrequencies;
constexpr int64_t inputGroup = 8;  // whose sums with a group of outputs the registers hold

// The kernels [O, I, 3, 3] of one input from their frequencies [O].
template <typename Gradient>
CKERNELS_INLINE void writeKernelsTo(const float *sums, int64_t frequencyStep, int64_t outChannels,
                                    float *to, int64_t kernelStep) {
  constexpr int64_t side = kernelFrequencies;
  for (int64_t o = 0; o < outChannels; o += channelLanes) {
    Channels lines[3 * side], spectrum[side], taps[3];
    for (int column = 0; column < side; column++) {
      for (int row = 0; row < side; row++)
        spectrum[row] = channelsAt(sums + (row * side + column) * frequencyStep + o);
      Gradient::kernelOfSpectrum(spectrum, taps);
      for (int row = 0; row < 3; row++) lines[row * side + column] = taps[row];
    }
    for (int row = 0; row < 3; row++) {
      Gradient::kernelOfSpectrum(lines + row * side, taps);
      for (int column = 0; column < 3; column++) {
        for (int64_t lane = 0; lane < channelLanes; lane++)
          to[(o + lane) * kernelStep + row * 3 + column] = taps[column][lane];
      }
    }
  }
}

#define CKERNELS_WINOGRAD_GRADIENT(Gradient)                                                     \
  CKERNELS_FOR_EACH_LEVEL                                                                        \
  void transformImage(Gradient, const float *const *pixels, const float *ones, int64_t channels, \
                      float *to, int64_t frequencyStep) {                                        \
    transformPatchTo<Gradient::Convolution>(pixels, ones, channels, to, frequencyStep);          \
  }                                                                                              \
  CKERNELS_FOR_EACH_LEVEL                                                                        \
  void transformGradient(Gradient, const float *const *pixels, const float *ones,                \
                         int64_t channels, float *to, int64_t frequencyStep) {                   \
    transformPatchTo<Gradient>(pixels, ones, channels, to, frequencyStep);                       \
  }                                                                                              \
  CKERNELS_FOR_EACH_LEVEL                                                                        \
  void writeKernels(Gradient, const float *sums, int64_t frequencyStep, int64_t outChannels,     \
                    float *to, int64_t kernelStep) {                                             \
    writeKernelsTo<Gradient>(sums, frequencyStep, outChannels, to, kernelStep);                  \
  }
CKERNELS_WINOGRAD_GRADIENT(SameSizeGradient)
CKERNELS_WINOGRAD_GRADIENT(HalfSizeGradient)
#undef CKERNELS_WINOGRAD_GRADIENT

// sums[i][o] += Σ_tile patches[tile][i] · gradients[tile][o], for all inputs and a group of
// outputs.
CKERNELS_FOR_EACH_LEVEL
void addProducts(const float *patches, int64_t patchStep, const float *gradients,
                 int64_t gradientStep, int64_t tiles, float *sums, int64_t sumStep,
                 int64_t inChannels) {
  for (int64_t first = 0; first < inChannels; first += inputGroup) {
    float *to = sums + first * sumStep;
    Channels low[inputGroup], high[inputGroup];
    for (int i = 0; i < inputGroup; i++) {
      low[i] = channelsAt(to + i * sumStep);
      high[i] = channelsAt(to + i * sumStep + channelLanes);
    }
    for (int64_t tile = 0; tile < tiles; tile++) {
      const Channels lowest = channelsAt(gradients + tile * gradientStep);
      const Channels highest = channelsAt(gradients + tile * gradientStep + channelLanes);
      for (int i = 0; i < inputGroup; i++) {
        const float x = patches[tile * patchStep + first + i];
        low[i] += x * lowest;
        high[i] += x * highest;
      }
    }
    for (int i = 0; i < inputGroup; i++) {
      store(to + i * sumStep, low[i]);
      store(to + i * sumStep + channelLanes, high[i]);
    }
  }
}

// Images in channels-last order, read in square patches that start every few pixels.
struct Patches {
  const at::Tensor image;
  const int64_t side, step, before, tileColumns, tiles;  // of each sample
  const int64_t height, width, channels;
  const std::vector<float> ones, zeros;  // factors, and a pixel outside the image

  Patches(const at::Tensor &x, int64_t side, int64_t step, int64_t before, int64_t tileColumns,
          int64_t tiles)
      : image(channelsLast(x)),
        side(side),
        step(step),
        before(before),
        tileColumns(tileColumns),
        tiles(tiles),
        height(x.size(2)),
        width(x.size(3)),
        channels(x.size(1)),
        ones(channels, 1.f),
        zeros(channels, 0.f) {}

  void read(int64_t index, const float **pixels) const {
    const float *from = image.const_data_ptr<float>() + index / tiles * height * width * channels;
    const int64_t top = index % tiles / tileColumns * step - before;
    const int64_t left = index % tiles % tileColumns * step - before;
    for (int64_t p = 0; p < side * side; p++) {
      const int64_t row = top + p / side, column = left + p % side;
      const bool isInside = row >= 0 && row < height && column >= 0 && column < width;
      pixels[p] = isInside ? from + (row * width + column) * channels : zeros.data();
    }
  }
};

template <typename Gradient>
at::Tensor weightGradient(const at::Tensor &x, const at::Tensor &dy) {
  using Axis = typename Gradient::Convolution;
  constexpr int64_t side = Axis::frequencies, frequencies = side * side;
  const int64_t tileColumns = (dy.size(3) + Axis::result - 1) / Axis::result;
  const int64_t tiles = tileColumns * ((dy.size(2) + Axis::result - 1) / Axis::result);
  const Patches images(x, Axis::patch, Axis::step, Axis::before, tileColumns, tiles);
  const Patches gradients(dy, Gradient::patch, Axis::result, 0, tileColumns, tiles);
  const int64_t inputs = x.size(1), outputs = dy.size(1);

  // What is made of some tiles stays in the caches. Lines do not start at multiples of large powers
  // of two, which share places there.
  constexpr int64_t numbersAtOnce = 1 << 20;
  const int64_t imageStep = inputs + channelLanes, gradientStep = outputs + channelLanes;
  const int64_t all = x.size(0) * tiles;
  const int64_t block = std::min(
      all,
      std::clamp<int64_t>(numbersAtOnce / (frequencies * (imageStep + gradientStep)), 32, 256));
  const at::Tensor work =
      at::empty({frequencies * block * (imageStep + gradientStep)}, x.options());
  float *imageSpectra = work.mutable_data_ptr<float>();
  float *gradientSpectra = imageSpectra + frequencies * block * imageStep;
  const at::Tensor sums = at::zeros({kernelCount, inputs, outputs}, x.options());

  for (int64_t first = 0; first < all; first += block) {
    const int64_t count = std::min(block, all - first);
    forEachRow(count, frequencies * (inputs + outputs), [&](int64_t t) {
      const float *pixels[Axis::patch * Axis::patch];
      images.read(first + t, pixels);
      transformImage(Gradient(), pixels, images.ones.data(), inputs, imageSpectra + t * imageStep,
                     block * imageStep);
      gradients.read(first + t, pixels);
      transformGradient(Gradient(), pixels, gradients.ones.data(), outputs,
                        gradientSpectra + t * gradientStep, block * gradientStep);
    });
    // The frequencies of one kernel meet those of several patches, so that some take longer: they
    // are shared among threads by channels.
    forEachRow(inputs / channelLanes * (outputs / outputGroup) * kernelCount,
               count * channelLanes * outputGroup, [&](int64_t index) {
                 const int64_t kernel = index % kernelCount, group = index / kernelCount;
                 const int64_t output = group % (outputs / outputGroup) * outputGroup;
                 const int64_t input = group / (outputs / outputGroup) * channelLanes;
                 for (int64_t f = 0; f < frequencies; f++) {
                   if (Axis::kernelOf(f / side) != kernel / kernelFrequencies ||
                       Axis::kernelOf(f % side) != kernel % kernelFrequencies)
                     continue;
                   addProducts(imageSpectra + f * block * imageStep + input, imageStep,
                               gradientSpectra + f * block * gradientStep + output, gradientStep,
                               count,
                               sums.mutable_data_ptr<float>() +
                                   (kernel * inputs + input) * outputs + output,
                               outputs, channelLanes);
                 }
               });
  }

  const at::Tensor weight = at::empty({outputs, inputs, 3, 3}, x.options());
  forEachRow(inputs, kernelCount * outputs, [&](int64_t i) {
    writeKernels(Gradient(), sums.const_data_ptr<float>() + i * outputs, inputs * outputs, outputs,
                 weight.mutable_data_ptr<float>() + i * 9, inputs * 9);
  });
  return weight;
}

// The sums of all kernels' frequencies are four times as large as the kernels, and few tiles do not
// pay for them: with fewer than this, libtorch's gradient takes less time.
constexpr int64_t leastTiles = 32;

at::Tensor definitionWeightGradient(const at::Tensor &x, const at::Tensor &dy) {
  const at::Tensor weight = at::zeros({1}, x.options()).expand({dy.size(1), x.size(1), 3, 3});
  return std::get<1>(at::convolution_backward(dy, x, weight, {}, {1, 1}, {1, 1}, {1, 1}, false,
                                              {0, 0}, 1, {false, true, false}));
}

int64_t tilesOfSameSize(const at::Tensor &dy) {
  constexpr int64_t side = SameSizeGradient::Convolution::result;
  return dy.size(0) * ((dy.size(2) + side - 1) / side) * ((dy.size(3) + side - 1) / side);
}

at::Tensor convolution3x3WeightGrad(const at::Tensor &x, const at::Tensor &dy, int64_t stride) {
  const char *name = "conv3x3_weight_grad";
  TORCH_CHECK(stride == 1 || stride == 2, name, ": steps of ", stride, ", expected 1 or 2");
  const int64_t rest = stride - 1;
  TORCH_CHECK(x.dim() == 4 && dy.dim() == 4 && x.size(0) == dy.size(0) &&
                  x.size(2) == dy.size(2) * stride + rest &&
                  x.size(3) == dy.size(3) * stride + rest,
              name, ": x of sizes ", x.sizes(), " and dy of ", dy.sizes(), " for steps of ", stride,
              ", expected [N, I, H, W] and [N, O, H, W], or [N, O, (H - 1) / 2, (W - 1) / 2]");
  TORCH_CHECK(x.scalar_type() == at::kFloat && dy.scalar_type() == at::kFloat, name, ": ",
              x.scalar_type(), " and ", dy.scalar_type(), ", expected float32");
  TORCH_CHECK(x.size(1) % channelLanes == 0 && dy.size(1) % outputGroup == 0, name, ": ", x.size(1),
              " to ", dy.size(1), " channels, expected multiples of ", channelLanes, " and ",
              outputGroup);
  if (stride == 1 && tilesOfSameSize(dy) < leastTiles) return definitionWeightGradient(x, dy);
  return stride == 1 ? weightGradient<SameSizeGradient>(x, dy)
                     : weightGradient<HalfSizeGradient>(x, dy);
}

}  // namespace

TORCH_LIBRARY_IMPL(stylist, CPU, library) {
  library.impl("conv3x3_weight_grad", convolution3x3WeightGrad);
}

}  // namespace ckernels
