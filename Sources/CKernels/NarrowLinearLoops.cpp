// Products of tokens and a matrix on processors that multiply pairs of bfloat16.

#include "NarrowLinear.h"

#include <c10/util/Half.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>

// All inner loops, for these instructions alone.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"))), \
                             apply_to = function)
#include "Lanes.h"

namespace ckernels {
namespace {

constexpr int64_t wideCount = 16;
using Wide = Lanes<float, wideCount>;
constexpr int vectors = panelWidth / wideCount;
// Tokens whose sums are held in registers.
constexpr int64_t tokenGroup = 6;

// x Φ(x) within 5e-5 of the larger of |x| and 1, which is little beside the rounding to 8 bits: Φ
// is a half and the odd polynomial of x, held within ±4, whose largest error in x Φ(x) is the least.
CKERNELS_INLINE Wide gelu(const Wide &x) {
  const Wide bound = Wide{} + 4;
  Wide near = x < bound ? x : bound;
  near = near > -bound ? near : -bound;
  const Wide square = near * near;
  Wide sum = square * -1.3012903e-9f + 1.04195811e-7f;
  sum = sum * square - 3.65712769e-6f;
  sum = sum * square + 7.48549885e-5f;
  sum = sum * square - 1.00649007e-3f;
  sum = sum * square + 9.50539734e-3f;
  sum = sum * square - 6.58878419e-2f;
  sum = sum * square + 0.398673394f;
  return x * (near * sum + 0.5f);
}

template <int count>
CKERNELS_INLINE void multiplied(const NarrowProducts &p, int64_t first) {
  const uint32_t *tokens = p.tokens + first * p.tokenStep, *panel = p.panel;
  Wide sums[count][vectors];
  for (int v = 0; v < vectors; v++) {
    const Wide bias = p.biases ? loaded<wideCount>(p.biases + v * wideCount) : Wide{};
    for (int t = 0; t < count; t++) sums[t][v] = bias;
  }
  for (int64_t pair = 0; pair < p.pairs; pair++, panel += panelWidth) {
    __m512bh weights[vectors];
    for (int v = 0; v < vectors; v++)
      weights[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(panel + v * wideCount));
    for (int t = 0; t < count; t++) {
      const __m512bh token = reinterpret_cast<__m512bh>(
          _mm512_set1_epi32(static_cast<int>(tokens[t * p.tokenStep + pair])));
      for (int v = 0; v < vectors; v++)
        sums[t][v] = reinterpret_cast<Wide>(
            _mm512_dpbf16_ps(reinterpret_cast<__m512>(sums[t][v]), token, weights[v]));
    }
  }
  // The sums stay in registers until here, since no loop with a place in them is left.
  alignas(64) float results[count * panelWidth];
#pragma unroll
  for (int t = 0; t < count; t++)
#pragma unroll
    for (int v = 0; v < vectors; v++) store(results + t * panelWidth + v * wideCount, sums[t][v]);
  for (int t = 0; t < count; t++) {
    const int64_t line = (first + t) * p.step;
    for (int v = 0; v < vectors; v++) {
      const int64_t at = line + v * wideCount;
      Wide y = loaded<wideCount>(results + t * panelWidth + v * wideCount);
      if (p.gelu) y = gelu(y);
      if (p.summand) y += loaded<wideCount>(p.summand + at);
      if (p.wide) {
        store(p.wide + at, y);
      } else {
        const __m256bh rounded = _mm512_cvtneps_pbh(reinterpret_cast<__m512>(y));
        std::memcpy(p.narrow + at, &rounded, sizeof rounded);
      }
    }
  }
}

}  // namespace

void multiplyPanel(const NarrowProducts &p) {
  int64_t first = 0;
  for (; first + tokenGroup <= p.count; first += tokenGroup) multiplied<tokenGroup>(p, first);
  switch (p.count - first) {
    case 1: return multiplied<1>(p, first);
    case 2: return multiplied<2>(p, first);
    case 3: return multiplied<3>(p, first);
    case 4: return multiplied<4>(p, first);
    case 5: return multiplied<5>(p, first);
  }
}

void packPanel(uint32_t *to, const float *rows, const float *rowFactors,
               const float *columnFactors, int64_t inputs) {
  for (int64_t pair = 0; pair < inputs / 2; pair += laneCount) {
    const Wide columns = columnFactors ? loaded<wideCount>(columnFactors + 2 * pair) : Wide{} + 1;
    for (int64_t output = 0; output < panelWidth; output += laneCount) {
      Lanes<float> pairs[laneCount];
      for (int64_t i = 0; i < laneCount; i++) {
        const Wide row = loaded<wideCount>(rows + (output + i) * inputs + 2 * pair);
        const Wide factors = rowFactors ? columns * rowFactors[output + i] : columns;
        const __m256bh rounded = _mm512_cvtneps_pbh(reinterpret_cast<__m512>(row * factors));
        std::memcpy(&pairs[i], &rounded, sizeof rounded);
      }
      transpose<float>(pairs);
      for (int64_t i = 0; i < laneCount; i++)
        store(to + (pair + i) * panelWidth + output, pairs[i]);
    }
  }
}

void packNumbers(uint32_t *to, const float *from, const float *factors, const float *summands,
                 int64_t count) {
  for (int64_t i = 0; i < count; i += wideCount) {
    Wide x = loaded<wideCount>(from + i);
    if (factors) x = x * loaded<wideCount>(factors + i) + loaded<wideCount>(summands + i);
    const __m256bh rounded = _mm512_cvtneps_pbh(reinterpret_cast<__m512>(x));
    std::memcpy(to + i / 2, &rounded, sizeof rounded);
  }
}

}  // namespace ckernels
#pragma clang attribute pop

#else

namespace ckernels {
void multiplyPanel(const NarrowProducts &) {}
void packPanel(uint32_t *, const float *, const float *, const float *, int64_t) {}
void packNumbers(uint32_t *, const float *, const float *, const float *, int64_t) {}
}  // namespace ckernels
#endif
