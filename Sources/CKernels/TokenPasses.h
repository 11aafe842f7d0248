// What is done to single tokens between matrix products: loops that are compiled for every level of
// processor features.

#pragma once

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include "Lanes.h"

namespace ckernels {
namespace {

// Numbers of a sum that are added up side by side.
constexpr int64_t sumCount = 16;
using Sums = Lanes<float, sumCount>;

// The sum of all lanes, by halves.
CKERNELS_INLINE float total(const Sums &lanes) {
  float halves[sumCount];
  store(halves, lanes);
  for (int64_t count = sumCount / 2; count > 0; count /= 2)
    for (int64_t i = 0; i < count; i++) halves[i] += halves[i + count];
  return halves[0];
}

// The sum of `term(i)` for i in 0 ..< count, where `lanes(i)` are those from i on.
template <typename LanesAt, typename TermAt>
CKERNELS_INLINE float summed(int64_t count, LanesAt lanes, TermAt term) {
  Sums sums = {};
  int64_t i = 0;
  for (; i + sumCount <= count; i += sumCount) sums += lanes(i);
  float sum = total(sums);
  for (; i < count; i++) sum += term(i);
  return sum;
}

// Each token times the styles, then brought to mean 0 and variance 1. `room` is for one token.
template <typename To>
CKERNELS_INLINE void normalized(To *to, const float *tokens, const float *styles, int64_t count,
                                int64_t width, float epsilon, float *room) {
  for (int64_t t = 0; t < count; t++, tokens += width, to += width) {
    for (int64_t c = 0; c < width; c++) room[c] = tokens[c] * styles[c];
    const float mean = summed(
                           width, [&](int64_t c) { return loaded<sumCount>(room + c); },
                           [&](int64_t c) { return room[c]; }) /
                       static_cast<float>(width);
    for (int64_t c = 0; c < width; c++) room[c] -= mean;
    const float squares = summed(
        width,
        [&](int64_t c) {
          const Sums lanes = loaded<sumCount>(room + c);
          return Sums(lanes * lanes);
        },
        [&](int64_t c) { return room[c] * room[c]; });
    const float factor = 1 / std::sqrt(squares / static_cast<float>(width) + epsilon);
    for (int64_t c = 0; c < width; c++) to[c] = narrowed<To>(room[c] * factor);
  }
}

// Each token times a factor and plus a summand for each channel.
template <typename To>
CKERNELS_INLINE void scaled(To *to, const float *tokens, const float *factors,
                            const float *summands, int64_t count, int64_t width) {
  for (int64_t t = 0; t < count; t++, tokens += width, to += width)
    for (int64_t c = 0; c < width; c++) to[c] = narrowed<To>(tokens[c] * factors[c] + summands[c]);
}

// What is done to the results of a layer: noise for each token or null, a leaky ReLU, and a bound.
struct TokenFinish {
  const float *noise;
  float strength, slope, clamp;
};

template <typename From>
CKERNELS_INLINE void finished(float *to, const From *tokens, TokenFinish finish, int64_t count,
                              int64_t width) {
  for (int64_t t = 0; t < count; t++, tokens += width, to += width) {
    const float noise = finish.noise ? finish.noise[t] * finish.strength : 0;
    for (int64_t c = 0; c < width; c++) {
      float v = widened<float>(tokens[c]) + noise;
      v = v > 0 ? v : v * finish.slope;
      v = v < -finish.clamp ? -finish.clamp : v;
      to[c] = v > finish.clamp ? finish.clamp : v;
    }
  }
}

// Each token of a row of a map, plus a code of its column in the first half of the channels and one
// of the row in the second.
template <typename From>
CKERNELS_INLINE void placed(float *to, const From *tokens, const float *columns, const float *row,
                            int64_t count, int64_t half) {
  for (int64_t t = 0; t < count; t++, tokens += 2 * half, to += 2 * half, columns += half) {
    for (int64_t c = 0; c < half; c++) to[c] = widened<float>(tokens[c]) + columns[c];
    for (int64_t c = 0; c < half; c++) to[half + c] = widened<float>(tokens[half + c]) + row[c];
  }
}

#define CKERNELS_TOKEN_FORMAT(Scalar)                                                             \
  CKERNELS_FOR_EACH_LEVEL void normalizeTokens(Scalar *to, const float *tokens,                   \
                                               const float *styles, int64_t count, int64_t width, \
                                               float epsilon, float *room) {                      \
    normalized(to, tokens, styles, count, width, epsilon, room);                                  \
  }                                                                                               \
  CKERNELS_FOR_EACH_LEVEL void scaleTokens(Scalar *to, const float *tokens, const float *factors, \
                                           const float *summands, int64_t count, int64_t width) { \
    scaled(to, tokens, factors, summands, count, width);                                          \
  }                                                                                               \
  CKERNELS_FOR_EACH_LEVEL void finishTokens(float *to, const Scalar *tokens, TokenFinish finish,  \
                                            int64_t count, int64_t width) {                       \
    finished(to, tokens, finish, count, width);                                                   \
  }                                                                                               \
  CKERNELS_FOR_EACH_LEVEL void placeTokens(float *to, const Scalar *tokens, const float *columns, \
                                           const float *row, int64_t count, int64_t half) {       \
    placed(to, tokens, columns, row, count, half);                                                \
  }
CKERNELS_TOKEN_FORMAT(float)
CKERNELS_TOKEN_FORMAT(c10::BFloat16)
#undef CKERNELS_TOKEN_FORMAT

// Sums of numbers and rounded ones.
CKERNELS_FOR_EACH_LEVEL void addWidened(float *to, const float *wide, const c10::BFloat16 *narrow,
                                        int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = wide[i] + widened<float>(narrow[i]);
}

// Two neighbouring tokens of two rows each, or zeros in the place of those outside the map, that an
// enlarged one is mixed of; and what is added to it, or null.
struct Mixture {
  const float *tokens[4];
  float taps[4];
  const float *summand;
};

CKERNELS_FOR_EACH_LEVEL void mixTokens(float *to, const Mixture &mixture, int64_t width) {
  const float *a = mixture.tokens[0], *b = mixture.tokens[1], *c = mixture.tokens[2],
              *d = mixture.tokens[3];
  const float *taps = mixture.taps, *summand = mixture.summand;
  const float first = taps[0], second = taps[1], third = taps[2], fourth = taps[3];
  if (summand) {
    for (int64_t i = 0; i < width; i++)
      to[i] = (a[i] * first + b[i] * second) + (c[i] * third + d[i] * fourth) + summand[i];
  } else {
    for (int64_t i = 0; i < width; i++)
      to[i] = (a[i] * first + b[i] * second) + (c[i] * third + d[i] * fourth);
  }
}

// The products of tokens with `outputs` rows of a matrix, [output, token] with `length` tokens to
// an output.
CKERNELS_FOR_EACH_LEVEL void multiplyTokens(float *to, const float *tokens, const float *matrix,
                                            int64_t count, int64_t width, int64_t outputs,
                                            int64_t length) {
  for (int64_t t = 0; t < count; t++, tokens += width) {
    for (int64_t o = 0; o < outputs; o++) {
      const float *row = matrix + o * width;
      to[o * length + t] = summed(
          width,
          [&](int64_t c) { return Sums(loaded<sumCount>(tokens + c) * loaded<sumCount>(row + c)); },
          [&](int64_t c) { return tokens[c] * row[c]; });
    }
  }
}

// One over the root of the sums of squares of a row of weights times the styles of each sample.
// `room` is for one row.
CKERNELS_FOR_EACH_LEVEL void demodulateRow(float *to, int64_t step, const float *weights,
                                           const float *squaredStyles, int64_t samples,
                                           int64_t width, float epsilon, float *room) {
  for (int64_t i = 0; i < width; i++) room[i] = weights[i] * weights[i];
  for (int64_t n = 0; n < samples; n++) {
    const float *styles = squaredStyles + n * width;
    const float sum = summed(
        width,
        [&](int64_t i) { return Sums(loaded<sumCount>(room + i) * loaded<sumCount>(styles + i)); },
        [&](int64_t i) { return room[i] * styles[i]; });
    to[n * step] = 1 / std::sqrt(sum + epsilon);
  }
}

}  // namespace
}  // namespace ckernels
