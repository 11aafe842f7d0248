// The transforms of 3×3 convolutions by Winograd's minimal filtering.
//
// A tile of the result is made from a patch of the image. Both, and the kernels, are taken to
// frequencies along each axis, where the convolution is one product for each frequency and pair of
// channels. The matrices follow from points at which polynomials are evaluated: 0, 1, -1, 2, -2 and
// infinity in Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016),
// section 4.3.

#pragma once

#include "Epilogue.h"

namespace ckernels {
namespace {

// The tiles and output channels whose sums the registers hold.
constexpr int64_t tileGroup = 8, outputGroup = 2 * channelLanes;

// One axis of the convolution that keeps the size, F(4, 3): four results from six pixels.
struct SameSize {
  static constexpr int64_t patch = 6, frequencies = 6, result = 4, step = 4, before = 1;

  // Which of a kernel's frequencies a frequency of the patch meets.
  static constexpr int64_t kernelOf(int64_t frequency) { return frequency; }

  CKERNELS_INLINE static void spectrumOfPatch(const Channels *d, Channels *to) {
    const Channels even = d[4] - 4.f * d[2], odd = d[3] - 4.f * d[1];
    const Channels near = d[4] - d[2], far = 2.f * (d[3] - d[1]);
    to[0] = 4.f * d[0] - 5.f * d[2] + d[4];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = near + far;
    to[4] = near - far;
    to[5] = 4.f * d[1] - 5.f * d[3] + d[5];
  }

  CKERNELS_INLINE static void resultOfSpectrum(const Channels *m, Channels *to) {
    const Channels a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
    to[0] = m[0] + a + c;
    to[1] = b + 2.f * d;
    to[2] = a + 4.f * c;
    to[3] = b + 8.f * d + m[5];
  }

  CKERNELS_INLINE static void spectrumOfKernel(const Channels *g, Channels *to) {
    const Channels ends = (g[0] + g[2]) * (-1 / 6.f), middle = g[1] * (1 / 6.f);
    const Channels wide = g[0] * (1 / 24.f) + g[2] * (1 / 6.f), half = g[1] * (1 / 12.f);
    to[0] = g[0] * 0.25f;
    to[1] = ends - middle;
    to[2] = ends + middle;
    to[3] = wide + half;
    to[4] = wide - half;
    to[5] = g[2];
  }
};

// The frequencies of five pixels for F(4, 2): four results from a kernel of two taps, with the
// points 0, 1, -1, 2 and infinity.
CKERNELS_INLINE void spectrumOfPair(const Channels *d, Channels *to) {
  const Channels twice = 2.f * d[1], difference = d[3] - d[2];
  to[0] = 2.f * (d[0] - d[2]) + (d[3] - d[1]);
  to[1] = difference - twice;
  to[2] = difference - 2.f * d[2] + twice;
  to[3] = d[3] - d[1];
  to[4] = 2.f * (d[1] - d[3]) + (d[4] - d[2]);
}

// One axis of the transposed convolution of stride 2: results 2p are x[p] g[0] + x[p - 1] g[2], by
// F(4, 2) with the points 0, 1, -1, 2 and infinity, and results 2p + 1 are x[p] g[1].
struct DoubleSize {
  static constexpr int64_t patch = 5, frequencies = 9, result = 8, step = 4, before = 1;

  static constexpr int64_t kernelOf(int64_t frequency) { return frequency < 5 ? frequency : 5; }

  CKERNELS_INLINE static void spectrumOfPatch(const Channels *d, Channels *to) {
    spectrumOfPair(d, to);
    for (int i = 0; i < 4; i++) to[5 + i] = d[1 + i];
  }

  CKERNELS_INLINE static void resultOfSpectrum(const Channels *m, Channels *to) {
    const Channels sum = m[1] + m[2], difference = m[1] - m[2];
    to[0] = m[0] + sum + m[3];
    to[2] = difference + 2.f * m[3];
    to[4] = sum + 4.f * m[3];
    to[6] = difference + 8.f * m[3] + m[4];
    for (int i = 0; i < 4; i++) to[2 * i + 1] = m[5 + i];
  }

  CKERNELS_INLINE static void spectrumOfKernel(const Channels *g, Channels *to) {
    to[0] = g[2] * 0.5f;
    to[1] = (g[2] + g[0]) * -0.5f;
    to[2] = (g[2] - g[0]) * (-1 / 6.f);
    to[3] = g[2] * (1 / 6.f) + g[0] * (1 / 3.f);
    to[4] = g[0];
    to[5] = g[1];
  }
};

// One axis of the convolution of stride 2 without padding, the transpose of `DoubleSize`: results p
// are x[2p] g[0] + x[2p + 1] g[1] + x[2p + 2] g[2], the first and last of which are F(4, 2). Its
// kernels are mirrored, so that `DoubleSize` makes their frequencies.
struct HalfSize {
  static constexpr int64_t patch = 9, frequencies = 9, result = 4, step = 8, before = 0;

  static constexpr int64_t kernelOf(int64_t frequency) { return DoubleSize::kernelOf(frequency); }

  CKERNELS_INLINE static void spectrumOfPatch(const Channels *d, Channels *to) {
    const Channels even[5] = {d[0], d[2], d[4], d[6], d[8]};
    spectrumOfPair(even, to);
    for (int i = 0; i < 4; i++) to[5 + i] = d[2 * i + 1];
  }

  CKERNELS_INLINE static void resultOfSpectrum(const Channels *m, Channels *to) {
    const Channels sum = m[1] + m[2], difference = m[1] - m[2];
    to[0] = m[0] + sum + m[3] + m[5];
    to[1] = difference + 2.f * m[3] + m[6];
    to[2] = sum + 4.f * m[3] + m[7];
    to[3] = difference + 8.f * m[3] + m[4] + m[8];
  }

  CKERNELS_INLINE static void spectrumOfKernel(const Channels *g, Channels *to) {
    DoubleSize::spectrumOfKernel(g, to);
  }
};

constexpr int64_t kernelFrequencies = 6;  // along each axis, for both

// Where the numbers of kernels [O, I, 3, 3] lie.
struct KernelStrides {
  int64_t output, input, tap[9];
};

// The frequencies of the kernels of a group of outputs, each [I, outputGroup].
template <typename Axis>
CKERNELS_INLINE void transformKernelsTo(const float *weight, const KernelStrides &strides,
                                        int64_t inChannels, float *to, int64_t frequencyStep) {
  for (int64_t i = 0; i < inChannels; i++) {
    for (int64_t group = 0; group < outputGroup; group += channelLanes) {
      const float *from = weight + group * strides.output + i * strides.input;
      Channels taps[9], lines[3 * kernelFrequencies];
      for (int t = 0; t < 9; t++) {
        const float *tap = from + strides.tap[t];
        if (strides.output == 1) {
          taps[t] = channelsAt(tap);
        } else {
          for (int64_t lane = 0; lane < channelLanes; lane++)
            taps[t][lane] = tap[lane * strides.output];
        }
      }
      for (int row = 0; row < 3; row++)
        Axis::spectrumOfKernel(taps + 3 * row, lines + kernelFrequencies * row);
      for (int column = 0; column < kernelFrequencies; column++) {
        Channels line[3], spectrum[kernelFrequencies];
        for (int row = 0; row < 3; row++) line[row] = lines[row * kernelFrequencies + column];
        Axis::spectrumOfKernel(line, spectrum);
        for (int row = 0; row < kernelFrequencies; row++)
          store(to + (row * kernelFrequencies + column) * frequencyStep + i * outputGroup + group,
                spectrum[row]);
      }
    }
  }
}

// The frequencies of a patch, given by its pixels, times a factor for each channel.
template <typename Axis>
CKERNELS_INLINE void transformPatchTo(const float *const *pixels, const float *scale,
                                      int64_t channels, float *to, int64_t frequencyStep) {
  for (int64_t c = 0; c < channels; c += channelLanes) {
    const Channels factor = channelsAt(scale + c);
    Channels lines[Axis::frequencies * Axis::patch], line[Axis::patch], spectrum[Axis::frequencies];
    for (int column = 0; column < Axis::patch; column++) {
      for (int row = 0; row < Axis::patch; row++)
        line[row] = channelsAt(pixels[row * Axis::patch + column] + c) * factor;
      Axis::spectrumOfPatch(line, spectrum);
      for (int row = 0; row < Axis::frequencies; row++)
        lines[row * Axis::patch + column] = spectrum[row];
    }
    for (int row = 0; row < Axis::frequencies; row++) {
      Axis::spectrumOfPatch(lines + row * Axis::patch, spectrum);
      for (int column = 0; column < Axis::frequencies; column++)
        store(to + (row * Axis::frequencies + column) * frequencyStep + c, spectrum[column]);
    }
  }
}

// A tile's pixels of a result.
struct Tile {
  float *to;
  int64_t pixelStep, rowStep, rows, columns;  // how much of it lies within the image
  const float *noise;                         // of its pixels; null for none
  int64_t noiseStep;                          // from row to row
};

// The channels of a tile of the result from their frequencies. Without an epilogue the sums are the
// result.
template <typename Axis>
CKERNELS_INLINE void finishTileTo(const float *sums, int64_t frequencyStep, int64_t channels,
                                  const Epilogue *epilogue, const Tile &tile) {
  for (int64_t c = 0; c < channels; c += channelLanes) {
    Channels lines[Axis::result * Axis::frequencies], spectrum[Axis::frequencies];
    Channels line[Axis::result];
    for (int column = 0; column < Axis::frequencies; column++) {
      for (int row = 0; row < Axis::frequencies; row++)
        spectrum[row] = channelsAt(sums + (row * Axis::frequencies + column) * frequencyStep + c);
      Axis::resultOfSpectrum(spectrum, line);
      for (int row = 0; row < Axis::result; row++)
        lines[row * Axis::frequencies + column] = line[row];
    }
    for (int row = 0; row < tile.rows; row++) {
      Axis::resultOfSpectrum(lines + row * Axis::frequencies, line);
      for (int column = 0; column < tile.columns; column++) {
        const float noise = tile.noise == nullptr ? 0.f : tile.noise[row * tile.noiseStep + column];
        store(tile.to + row * tile.rowStep + column * tile.pixelStep + c,
              epilogue == nullptr ? line[column] : epilogue->finished(line[column], noise, c));
      }
    }
  }
}

}  // namespace
}  // namespace ckernels
