// One axis of images that are enlarged by zeros, padded, filtered and reduced.

#pragma once

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace ckernels {
namespace {

inline int64_t ceilDivide(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

// One axis: which input samples meet which output samples.
//
// Output o and tap t read the enlarged sample o*down + t - padding, which is input sample i if it
// equals i*up. For one tap the outputs that read anything lie `outputStep` apart and their inputs
// `inputStep` apart.
struct ResamplingAxis {
  int64_t inputs, outputs, up, down, padding, taps;
  int64_t outputStep, inputStep;

  // Errors name the operator.
  ResamplingAxis(const char *name, int64_t inputs, int64_t taps, int64_t up, int64_t down,
                 int64_t before, int64_t after)
      : inputs(inputs), up(up), down(down), padding(before), taps(taps) {
    TORCH_CHECK(up >= 1 && down >= 1, name, ": up ", up, " and down ", down,
                ", expected at least 1");
    const int64_t padded = inputs * up + before + after;
    TORCH_CHECK(padded >= taps, name, ": ", padded, " padded samples for ", taps, " taps");
    outputs = (padded - taps) / down + 1;
    const int64_t common = std::gcd(up, down);
    outputStep = up / common;
    inputStep = down / common;
  }

  // The input that an output reads through `tap`; negative if that is a zero.
  int64_t input(int64_t output, int64_t tap) const {
    const int64_t place = output * down + tap - padding;
    return place < 0 || place % up != 0 || place / up >= inputs ? -1 : place / up;
  }

  // The first output at or after 0 that reads an input through `tap`, that input, and how many
  // follow.
  struct Run {
    int64_t output, input, count;
  };
  Run run(int64_t tap) const {
    for (int64_t output = 0; output < outputStep; output++) {
      const int64_t place = output * down + tap - padding;
      if (place % up != 0) continue;
      const int64_t first = place / up;
      const int64_t skipped = std::max<int64_t>(0, ceilDivide(-first, inputStep));
      const int64_t byInput = ceilDivide(inputs - first, inputStep);
      const int64_t byOutput = ceilDivide(outputs - output, outputStep);
      return {output + skipped * outputStep, first + skipped * inputStep,
              std::min(byInput, byOutput) - skipped};
    }
    return {0, 0, 0};
  }
};

}  // namespace
}  // namespace ckernels
