// 3×3 convolutions by Winograd's minimal filtering, for images in channels-last order, and what follows
// them in StyleGAN's layers in the same pass.

#include <ATen/core/Tensor.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <optional>
#include <vector>

#include "Epilogues.h"
#include "Parallel.h"
#include "WinogradLoops.h"

namespace ckernels {
namespace {

// MARK: Convolution

KernelStrides kernelStrides(const at::Tensor &weight, bool mirrored) {
  KernelStrides strides{weight.stride(0), weight.stride(1), {}};
  for (int t = 0; t < 9; t++)
    strides.tap[mirrored ? 8 - t : t] = t / 3 * weight.stride(2) + t % 3 * weight.stride(3);
  return strides;
}

// Images x [N, I, H, W] convolved with `weight` [O, I, 3, 3], mirrored or as it is, both axes being
// as `Axis` says.
template <typename Axis>
struct Convolution {
  static constexpr int64_t frequencies = Axis::frequencies * Axis::frequencies;
  static constexpr int64_t kernelCount = kernelFrequencies * kernelFrequencies;

  const at::Tensor x, y, weight, scale;
  const KernelStrides strides;
  const int64_t height, width, inChannels, outChannels, tileColumns, tiles;
  // Lines do not start at multiples of large powers of two, which share places in the caches.
  const int64_t patchStep;
  const std::vector<float> zeros;  // a pixel outside the image

  Convolution(const at::Tensor &x, const at::Tensor &y, const at::Tensor &weight,
              const at::Tensor &scale, bool mirrored = false)
      : x(x),
        y(y),
        weight(weight),
        scale(scale),
        strides(kernelStrides(weight, mirrored)),
        height(x.size(2)),
        width(x.size(3)),
        inChannels(x.size(1)),
        outChannels(y.size(1)),
        tileColumns((y.size(3) + Axis::result - 1) / Axis::result),
        tiles(tileColumns * ((y.size(2) + Axis::result - 1) / Axis::result)),
        patchStep(inChannels + channelLanes),
        zeros(inChannels, 0.f) {}

  // Either the frequencies of all kernels are kept, or those of all patches: what takes less.
  void run(const Epilogues *epilogues) const {
    if (tiles == 0) return;
    const int64_t most = kernelCount * outChannels / frequencies;  // tiles that take as much
    if (tiles > most) return runByTiles(epilogues);
    const int64_t samples = x.size(0), together = most / tiles;
    for (int64_t first = 0; first < samples; first += together)
      runByOutputs(first, std::min(together, samples - first), epilogues);
  }

  int64_t grouped(int64_t count) const { return (count + tileGroup - 1) / tileGroup * tileGroup; }
  // From one frequency to the next, for some tiles and some outputs.
  int64_t patchesSize(int64_t count) const { return grouped(count) * patchStep + channelLanes; }
  int64_t kernelsSize(int64_t outputs) const { return inChannels * outputs + channelLanes; }

  void runByOutputs(int64_t firstSample, int64_t samples, const Epilogues *epilogues) const {
    const int64_t count = samples * tiles;
    const int64_t patchesStep = patchesSize(count), kernelsStep = kernelsSize(outputGroup);
    const int64_t sumsStep = grouped(count) * outputGroup + channelLanes;
    const at::Tensor patches = at::empty({frequencies * patchesStep}, x.options());
    float *to = patches.mutable_data_ptr<float>();
    forEachRow(grouped(count), frequencies * inChannels, [&](int64_t t) {
      const int64_t tile = std::min(t, count - 1);  // the last group is filled up
      readPatch(firstSample + tile / tiles, tile % tiles, to + t * patchStep, patchesStep);
    });
    forEachRow(outChannels / outputGroup, count * frequencies * inChannels, [&](int64_t group) {
      const int64_t first = group * outputGroup;
      const at::Tensor work =
          at::empty({kernelCount * kernelsStep + frequencies * sumsStep}, x.options());
      float *kernels = work.mutable_data_ptr<float>(), *sums = kernels + kernelCount * kernelsStep;
      transformKernels(Axis(), weight.const_data_ptr<float>() + first * strides.output, strides,
                       inChannels, kernels, kernelsStep);
      multiply(to, patchesStep, kernels, kernelsStep, sums, outputGroup, sumsStep, outputGroup,
               count);
      for (int64_t t = 0; t < count; t++)
        writeTile(firstSample + t / tiles, t % tiles, sums + t * outputGroup, sumsStep, first,
                  outputGroup, epilogues);
    });
  }

  void runByTiles(const Epilogues *epilogues) const {
    constexpr int64_t block = 16;  // tiles, so that what is made of them stays in the caches
    const int64_t patchesStep = patchesSize(block), kernelsStep = kernelsSize(outChannels);
    const int64_t sumStep = outChannels + channelLanes, sumsStep = block * sumStep + channelLanes;
    const at::Tensor kernels = at::empty({kernelCount * kernelsStep}, x.options());
    forEachRow(
        outChannels / outputGroup, outputGroup * inChannels * kernelCount, [&](int64_t group) {
          const int64_t first = group * outputGroup;
          transformKernels(Axis(), weight.const_data_ptr<float>() + first * strides.output, strides,
                           inChannels, kernels.mutable_data_ptr<float>() + first * inChannels,
                           kernelsStep);
        });
    const int64_t blocks = (tiles + block - 1) / block;
    forEachRow(x.size(0) * blocks, block * frequencies * inChannels, [&](int64_t index) {
      const int64_t sample = index / blocks, first = index % blocks * block;
      const int64_t count = std::min(block, tiles - first);
      const at::Tensor work = at::empty({frequencies * (patchesStep + sumsStep)}, x.options());
      float *patches = work.mutable_data_ptr<float>(), *sums = patches + frequencies * patchesStep;
      for (int64_t t = 0; t < grouped(count); t++)
        readPatch(sample, first + std::min(t, count - 1), patches + t * patchStep, patchesStep);
      multiply(patches, patchesStep, kernels.const_data_ptr<float>(), kernelsStep, sums, sumStep,
               sumsStep, outChannels, count);
      for (int64_t t = 0; t < count; t++)
        writeTile(sample, first + t, sums + t * sumStep, sumsStep, 0, outChannels, epilogues);
    });
  }

  // The products at all frequencies.
  void multiply(const float *patches, int64_t patchesStep, const float *kernels,
                int64_t kernelsStep, float *sums, int64_t sumStep, int64_t sumsStep,
                int64_t outputs, int64_t count) const {
    for (int64_t f = 0; f < frequencies; f++) {
      const int64_t kernel = Axis::kernelOf(f / Axis::frequencies) * kernelFrequencies +
                             Axis::kernelOf(f % Axis::frequencies);
      multiplyBlock(patches + f * patchesStep, patchStep, kernels + kernel * kernelsStep,
                    inChannels, sums + f * sumsStep, sumStep, outputs, grouped(count));
    }
  }

  void readPatch(int64_t sample, int64_t tile, float *to, int64_t patchesStep) const {
    const float *image = x.const_data_ptr<float>() + sample * height * width * inChannels;
    const int64_t top = tile / tileColumns * Axis::step - Axis::before;
    const int64_t left = tile % tileColumns * Axis::step - Axis::before;
    const float *pixels[Axis::patch * Axis::patch];
    for (int64_t p = 0; p < Axis::patch * Axis::patch; p++) {
      const int64_t row = top + p / Axis::patch, column = left + p % Axis::patch;
      const bool isInside = row >= 0 && row < height && column >= 0 && column < width;
      pixels[p] = isInside ? image + (row * width + column) * inChannels : zeros.data();
    }
    transformPatch(Axis(), pixels, scale.const_data_ptr<float>() + sample * inChannels, inChannels,
                   to, patchesStep);
  }

  void writeTile(int64_t sample, int64_t tile, const float *sums, int64_t sumsStep,
                 int64_t firstOutput, int64_t outputs, const Epilogues *epilogues) const {
    const int64_t rows = y.size(2), columns = y.size(3);
    const int64_t top = tile / tileColumns * Axis::result;
    const int64_t left = tile % tileColumns * Axis::result;
    Tile place{y.mutable_data_ptr<float>() +
                   ((sample * rows + top) * columns + left) * outChannels + firstOutput,
               outChannels,
               columns * outChannels,
               std::min(Axis::result, rows - top),
               std::min(Axis::result, columns - left),
               nullptr,
               columns};
    if (epilogues == nullptr) {
      finishTile(Axis(), sums, sumsStep, outputs, nullptr, place);
      return;
    }
    place.noise = epilogues->noise(sample, top, left);
    const Epilogue epilogue = epilogues->of(sample, firstOutput);
    finishTile(Axis(), sums, sumsStep, outputs, &epilogue, place);
  }
};

// The factors of the input channels, [N, I], once the arguments are found to fit.
at::Tensor inputScale(const char *name, const at::Tensor &x, const at::Tensor &weight,
                      const Optional &scale) {
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4 && weight.size(1) == x.size(1) &&
                  weight.size(2) == 3 && weight.size(3) == 3,
              name, ": x of sizes ", x.sizes(), " and weight ", weight.sizes(),
              ", expected [N, I, H, W] and [O, I, 3, 3]");
  TORCH_CHECK(x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat, name, ": ",
              x.scalar_type(), " and ", weight.scalar_type(), ", expected float32");
  TORCH_CHECK(x.size(1) % channelLanes == 0 && weight.size(0) % outputGroup == 0, name, ": ",
              x.size(1), " to ", weight.size(0), " channels, expected multiples of ", channelLanes,
              " and ", outputGroup);
  if (!scale) return at::full({x.size(0), x.size(1)}, 1, x.options());
  TORCH_CHECK(scale->sizes() == at::IntArrayRef({x.size(0), x.size(1)}) &&
                  scale->scalar_type() == at::kFloat,
              name, ": scales of sizes ", scale->sizes(), " for x of ", x.sizes());
  return scale->contiguous();
}

at::Tensor winogradConv(const at::Tensor &xIn, const at::Tensor &weight, const Optional &inScale,
                        const Optional &scale, const Optional &noise, const Optional &noiseWeight,
                        const Optional &bias, double slope, double gain,
                        std::optional<double> clamp) {
  const char *name = "winograd_conv";
  const at::Tensor factors = inputScale(name, xIn, weight, inScale), x = channelsLast(xIn);
  const at::Tensor y = emptyImages(x, weight.size(0), x.size(2), x.size(3));
  const Epilogues epilogues(name, x, y.sizes(), scale, noise, noiseWeight, bias, slope, gain,
                            clamp);
  Convolution<SameSize>(x, y, weight, factors).run(&epilogues);
  return y;
}

at::Tensor winogradConvTranspose(const at::Tensor &xIn, const at::Tensor &weight,
                                 const Optional &inScale, bool mirrored) {
  const at::Tensor factors = inputScale("winograd_conv_transpose", xIn, weight, inScale);
  const at::Tensor x = channelsLast(xIn);
  const at::Tensor y = emptyImages(x, weight.size(0), 2 * x.size(2) + 1, 2 * x.size(3) + 1);
  Convolution<DoubleSize>(x, y, weight, factors, mirrored).run(nullptr);
  return y;
}

// The convolution that keeps the size, then a factor, a sum and a slope below 0 for every channel,
// each [O].
at::Tensor convolution3x3Finish(const at::Tensor &xIn, const at::Tensor &weight,
                                const Optional &scale, const Optional &bias,
                                const Optional &slopes) {
  const char *name = "conv3x3_finish";
  const at::Tensor factors = inputScale(name, xIn, weight, {}), x = channelsLast(xIn);
  const at::Tensor y = emptyImages(x, weight.size(0), x.size(2), x.size(3));
  Optional scales;
  if (scale) scales = scale->expand({x.size(0), scale->size(0)});
  const Epilogues epilogues(name, x, y.sizes(), scales, {}, {}, bias, 1, 1, {}, slopes);
  Convolution<SameSize>(x, y, weight, factors).run(&epilogues);
  return y;
}

// Steps of 1 keep the size; steps of 2 halve 2 H + 1 to H without padding.
at::Tensor convolution3x3(const at::Tensor &xIn, const at::Tensor &weight, const Optional &bias,
                          int64_t stride) {
  const char *name = "conv3x3";
  if (stride == 1) return winogradConv(xIn, weight, {}, {}, {}, {}, bias, 1, 1, {});
  const at::Tensor factors = inputScale(name, xIn, weight, {}), x = channelsLast(xIn);
  TORCH_CHECK(stride == 2 && x.size(2) % 2 == 1 && x.size(3) % 2 == 1, name, ": x of sizes ",
              x.sizes(), " and steps of ", stride, ", expected odd sizes and steps of 1 or 2");
  const at::Tensor y = emptyImages(x, weight.size(0), x.size(2) / 2, x.size(3) / 2);
  const Epilogues epilogues(name, x, y.sizes(), {}, {}, {}, bias, 1, 1, {});
  Convolution<HalfSize>(x, y, weight, factors, true).run(&epilogues);
  return y;
}

at::Tensor convolution3x3Transpose(const at::Tensor &xIn, const at::Tensor &weight,
                                   int64_t stride) {
  const char *name = "conv3x3_transpose";
  TORCH_CHECK(stride == 1 || stride == 2, name, ": steps of ", stride, ", expected 1 or 2");
  const at::Tensor kernels = weight.transpose(0, 1);
  // In small images too much of the last tiles lies outside.
  constexpr int64_t manyRows = 32;
  if (stride == 2 && xIn.size(2) < manyRows) return at::conv_transpose2d(xIn, weight, {}, 2);
  if (stride == 2) return winogradConvTranspose(xIn, kernels, {}, false);
  const at::Tensor factors = inputScale(name, xIn, kernels, {}), x = channelsLast(xIn);
  const at::Tensor y = emptyImages(x, kernels.size(0), x.size(2), x.size(3));
  Convolution<SameSize>(x, y, kernels, factors, true).run(nullptr);
  return y;
}

// The squares of each kernel's taps, summed: weight [O, I, k, k] → [O, I].
at::Tensor squaredKernels(const at::Tensor &weightIn) {
  TORCH_CHECK(weightIn.dim() == 4 && weightIn.scalar_type() == at::kFloat,
              "squared_kernels: a weight of sizes ", weightIn.sizes(),
              ", expected [O, I, k, k] in float32");
  const at::Tensor weight = weightIn.contiguous();
  const int64_t inputs = weight.size(1), taps = weight.size(2) * weight.size(3);
  const at::Tensor squares = at::empty({weight.size(0), inputs}, weight.options());
  const float *from = weight.const_data_ptr<float>();
  float *to = squares.mutable_data_ptr<float>();
  forEachRow(weight.size(0), inputs * taps, [&](int64_t output) {
    for (int64_t i = output * inputs; i < (output + 1) * inputs; i++) {
      float sum = 0;
      for (int64_t t = 0; t < taps; t++) sum += from[i * taps + t] * from[i * taps + t];
      to[i] = sum;
    }
  });
  return squares;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def(
      "winograd_conv(Tensor x, Tensor weight, Tensor? in_scale, Tensor? scale, Tensor? noise, "
      "Tensor? noise_weight, Tensor? bias, float slope, float gain, float? clamp) -> Tensor");
  library.def(
      "winograd_conv_transpose(Tensor x, Tensor weight, Tensor? in_scale, bool mirrored) -> "
      "Tensor");
  library.def(
      "conv3x3_finish(Tensor x, Tensor weight, Tensor? scale, Tensor? bias, Tensor? slopes) -> "
      "Tensor");
  library.def("squared_kernels(Tensor weight) -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) {
  library.impl("winograd_conv", winogradConv);
  library.impl("conv3x3", convolution3x3);
  library.impl("conv3x3_finish", convolution3x3Finish);
  library.impl("conv3x3_transpose", convolution3x3Transpose);
  library.impl("winograd_conv_transpose", winogradConvTranspose);
  library.impl("squared_kernels", squaredKernels);
}

}  // namespace ckernels
