// Tokens packed one after the other, or turned into lines that registers are loaded from; each
// function is compiled for every level of processor features.

#pragma once

#include "Lanes.h"

namespace ckernels {
namespace {

// Packs tokens that lie `step` apart, times a factor, as `depth` numbers each.
template <typename Scalar, typename Acc>
CKERNELS_INLINE void packed(Acc *to, const Scalar *from, int64_t step, int64_t count, Acc factor,
                            int64_t width, int64_t depth) {
  for (int64_t i = 0; i < count; i++, to += depth, from += step) {
    int64_t d = 0;
    for (; d + laneCount <= width; d += laneCount)
      store(to + d, converted<Acc>(from + d) * factor);
    for (; d < depth; d++) to[d] = d < width ? widened<Acc>(from[d]) * factor : 0;
  }
}

// Writes packed tokens, times a factor, to where they lie `step` apart.
template <typename Scalar, typename Acc>
CKERNELS_INLINE void unpacked(Scalar *to, int64_t step, const Acc *from, int64_t count, Acc factor,
                              int64_t width, int64_t depth) {
  for (int64_t i = 0; i < count; i++, to += step, from += depth) {
    int64_t d = 0;
    for (; d + laneCount <= width; d += laneCount) {
      const Lanes<Acc> numbers = loaded(from + d) * factor;
      if constexpr (std::is_same_v<Scalar, Acc>)
        store(to + d, numbers);
      else if constexpr (std::is_same_v<Scalar, c10::BFloat16>)
        storeNarrowed(to + d, numbers);
      else
        for (int64_t e = 0; e < laneCount; e++) to[d + e] = static_cast<Scalar>(numbers[e]);
    }
    for (; d < width; d++) to[d] = narrowed<Scalar>(from[d] * factor);
  }
}

// Turns `count` tokens that lie `step` apart, times a factor, into lines of `length` columns; zeros
// follow the tokens. Tokens have `depth` numbers.
template <typename Acc>
CKERNELS_INLINE void transposed(Acc *lines, int64_t length, const Acc *tokens, int64_t step,
                                int64_t count, Acc factor, int64_t depth) {
  for (int64_t column = 0; column < length; column += laneCount) {
    for (int64_t d = 0; d < depth; d += laneCount) {
      Lanes<Acc> rows[laneCount];
      for (int64_t i = 0; i < laneCount; i++) {
        const bool isThere = column + i < count;
        rows[i] = isThere ? loaded(tokens + (column + i) * step + d) * factor : Lanes<Acc>{};
      }
      transpose<Acc>(rows);
      for (int64_t i = 0; i < laneCount; i++) store(lines + (d + i) * length + column, rows[i]);
    }
  }
}

// Turns `count` tokens of `pairs` pairs of 16 bits into lines of `length` columns; zeros follow the
// tokens.
CKERNELS_FOR_EACH_LEVEL void transposePairs(uint32_t *lines, int64_t length, const uint32_t *tokens,
                                            int64_t count, int64_t pairs) {
  for (int64_t column = 0; column < length; column += laneCount) {
    for (int64_t p = 0; p < pairs; p += laneCount) {
      Lanes<float> rows[laneCount];  // bits, which are only moved
      for (int64_t i = 0; i < laneCount; i++) {
        rows[i] = {};
        if (column + i < count)
          std::memcpy(&rows[i], tokens + (column + i) * pairs + p, sizeof rows[i]);
      }
      transpose<float>(rows);
      for (int64_t i = 0; i < laneCount; i++) store(lines + (p + i) * length + column, rows[i]);
    }
  }
}

// Puts numbers of two tokens side by side, those of the first in the low bits.
CKERNELS_FOR_EACH_LEVEL void joinTokens(uint32_t *to, const uint16_t *first, const uint16_t *second,
                                        int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = first[i] | uint32_t(second[i]) << 16;
}

// The compiler does not emit functions that only clones call, such as conversions of float16.
#define CKERNELS_PACKING(Scalar, Acc, LEVELS)                                                     \
  LEVELS void packTokens(Acc *to, const Scalar *from, int64_t step,              \
                                          int64_t count, Acc factor, int64_t width,               \
                                          int64_t depth) {                                        \
    packed(to, from, step, count, factor, width, depth);                                          \
  }                                                                                               \
  LEVELS void unpackTokens(Scalar *to, int64_t step, const Acc *from,            \
                                            int64_t count, Acc factor, int64_t width,             \
                                            int64_t depth) {                                      \
    unpacked(to, step, from, count, factor, width, depth);                                        \
  }
CKERNELS_PACKING(float, float, CKERNELS_FOR_EACH_LEVEL)
CKERNELS_PACKING(c10::BFloat16, float, CKERNELS_FOR_EACH_LEVEL)
CKERNELS_PACKING(c10::Half, float, )
CKERNELS_PACKING(double, double, )
#undef CKERNELS_PACKING

#define CKERNELS_TRANSPOSING(Acc, LEVELS)                                                         \
  LEVELS void transposeTokens(Acc *lines, int64_t length, const Acc *tokens,     \
                                               int64_t step, int64_t count, Acc factor,           \
                                               int64_t depth) {                                   \
    transposed(lines, length, tokens, step, count, factor, depth);                                \
  }
CKERNELS_TRANSPOSING(float, CKERNELS_FOR_EACH_LEVEL)
CKERNELS_TRANSPOSING(double, )
#undef CKERNELS_TRANSPOSING

}  // namespace
}  // namespace ckernels
