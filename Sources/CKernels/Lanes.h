// Numbers side by side in registers: what is computed with them, and in which formats they lie in
// memory.

#pragma once

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "Features.h"

#pragma GCC diagnostic ignored "-Wpsabi"

namespace ckernels {

// Numbers that are computed side by side: one register of AVX2 in float32.
constexpr int64_t laneCount = 8;

// Each file has its own of what follows: some are compiled for wider registers than others.
namespace {

inline int64_t roundedUp(int64_t count) { return (count + laneCount - 1) / laneCount * laneCount; }

// Consecutive things of a list.
struct Span {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

template <typename Acc, int64_t count = laneCount>
using Lanes __attribute__((vector_size(count * sizeof(Acc)))) = Acc;

template <int64_t count = laneCount, typename Acc>
CKERNELS_INLINE Lanes<Acc, count> loaded(const Acc *from) {
  Lanes<Acc, count> lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

template <typename Acc, typename Vector>
CKERNELS_INLINE void store(Acc *to, const Vector &lanes) {
  std::memcpy(to, &lanes, sizeof lanes);
}

// Turns registers into columns.
template <typename Acc>
CKERNELS_INLINE void transpose(Lanes<Acc> (&r)[8]) {
  static_assert(laneCount == 8);
  Lanes<Acc> pairs[8], fours[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; j++) {
      const Lanes<Acc> a = pairs[i + j], b = pairs[i + j + 2];
      fours[i + 2 * j] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * j + 1] = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; i++) {
    r[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[i + 4] = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

inline Lanes<double> exponential(const Lanes<double> &x) {
  Lanes<double> powers;
  for (int64_t i = 0; i < laneCount; i++) powers[i] = std::exp(x[i]);
  return powers;
}

// One number in all lanes. Subtracting zeros changes nothing, and costs nothing.
template <typename Acc>
CKERNELS_INLINE Lanes<Acc> everywhere(Acc x) {
  return x - Lanes<Acc>{};
}

// As many numbers of 32 bits as a register of float32 has lanes.
template <typename Vector>
using BitsOf = Lanes<int32_t, int64_t(sizeof(Vector) / sizeof(int32_t))>;

using Bits = BitsOf<Lanes<float>>;
using HalfBits = Lanes<uint16_t>;

template <typename Vector>
CKERNELS_INLINE BitsOf<Vector> bits(const Vector &x) {
  BitsOf<Vector> same;
  std::memcpy(&same, &x, sizeof same);
  return same;
}

template <typename Vector>
CKERNELS_INLINE Lanes<float, int64_t(sizeof(Vector) / sizeof(float))> number(const Vector &x) {
  Lanes<float, int64_t(sizeof(Vector) / sizeof(float))> same;
  std::memcpy(&same, &x, sizeof same);
  return same;
}

// e^x of numbers in float32 that are not far above 0, within a unit of the last place; 0 below
// e^-87.
template <typename Vector>
CKERNELS_INLINE Vector exponential(const Vector &x) {
  // x = n ln 2 + r with a whole n, which the sum's low bits hold.
  const Vector shifted = x * 1.44269504f + 0x1.8p23f;
  const Vector n = shifted - 0x1.8p23f;
  constexpr float high = 0x1.63p-1f, low = static_cast<float>(0.69314718055994531 - 0x1.63p-1);
  const Vector r = (x - n * high) - n * low;
  // The polynomial 1 + r + r^2 ... whose largest relative error is the least.
  Vector sum = r * 0.0013814467f + 0.008368781f;
  sum = sum * r + 0.041668393f;
  sum = sum * r + 0.1666652f;
  sum = sum * r + 0.49999994f;
  sum = sum * r + 1;
  sum = sum * r + 1;
  const Vector powers = sum * number((bits(shifted) << 23) + 0x3F800000);
  return number(bits(powers) & ~static_cast<BitsOf<Vector>>(x < -87.f));
}

inline Lanes<double> logarithm(const Lanes<double> &x) {
  Lanes<double> logarithms;
  for (int64_t i = 0; i < laneCount; i++) logarithms[i] = std::log(x[i]);
  return logarithms;
}

// ln x of numbers from 1 on, within two units of the last place of the larger of the result and 1.
CKERNELS_INLINE Lanes<float> logarithm(const Lanes<float> &x) {
  // x = 2^n m with m around 1.
  const Bits n = (bits(x) - 0x3F3504F3) >> 23;
  const Lanes<float> m = number(bits(x) - (n << 23));
  const Lanes<float> s = (m - 1) / (m + 1), square = s * s;
  Lanes<float> sum = square * (2.f / 9) + 2.f / 7;
  sum = sum * square + 2.f / 5;
  sum = sum * square + 2.f / 3;
  sum = sum * square + 2;
  return s * sum + __builtin_convertvector(n, Lanes<float>) * 0.69314718f;
}

// MARK: Formats

// One number in the format of sums.
template <typename Acc, typename Scalar>
CKERNELS_INLINE Acc widened(const Scalar &from) {
  if constexpr (std::is_same_v<Scalar, c10::BFloat16>) {
    const uint32_t bits = uint32_t(from.x) << 16;
    float number;
    std::memcpy(&number, &bits, sizeof number);
    return number;
  } else {
    return static_cast<Acc>(from);
  }
}

// One number in the format of memory, rounded to the nearest, halves to even.
template <typename Scalar, typename Acc>
CKERNELS_INLINE Scalar narrowed(Acc from) {
  if constexpr (std::is_same_v<Scalar, c10::BFloat16>) {
    uint32_t bits;
    std::memcpy(&bits, &from, sizeof bits);
    const uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    Scalar narrow;
    narrow.x = uint16_t(from == from ? rounded : 0x7FC0);
    return narrow;
  } else {
    return static_cast<Scalar>(from);
  }
}

// As many numbers as lanes.
template <typename Acc, typename Scalar>
CKERNELS_INLINE Lanes<Acc> converted(const Scalar *from) {
  if constexpr (std::is_same_v<Scalar, Acc>) {
    return loaded(from);
  } else if constexpr (std::is_same_v<Scalar, c10::BFloat16>) {
    HalfBits halves;
    std::memcpy(&halves, from, sizeof halves);
    return number(__builtin_convertvector(halves, Bits) << 16);
  } else {
    Lanes<Acc> numbers;
    for (int64_t i = 0; i < laneCount; i++) numbers[i] = static_cast<Acc>(from[i]);
    return numbers;
  }
}

// Rounds lanes as `narrowed` rounds numbers.
CKERNELS_INLINE void storeNarrowed(c10::BFloat16 *to, const Lanes<float> &numbers) {
  const Bits all = bits(numbers);
  const Bits rounded = (all + 0x7FFF + (all >> 16 & 1)) >> 16;
  const Bits isNumber = numbers == numbers;
  const HalfBits halves =
      __builtin_convertvector((rounded & isNumber) | (0x7FC0 & ~isNumber), HalfBits);
  std::memcpy(to, &halves, sizeof halves);
}

}  // namespace
}  // namespace ckernels
