// Attention on processors that multiply pairs of bfloat16.

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>

// All inner loops, for these instructions alone.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"))), \
                             apply_to = function)
#include "AttentionLoops.h"

namespace ckernels {
namespace {

// Two numbers at a time, the first of which is in the low bits.
struct Pairs {
  using Number = uint32_t;
  static constexpr int64_t together = 2;

  static CKERNELS_INLINE void add(Wide &sum, const uint32_t *lanes, const uint32_t *pair) {
    sum = reinterpret_cast<Wide>(_mm512_dpbf16_ps(
        reinterpret_cast<__m512>(sum), reinterpret_cast<__m512bh>(_mm512_loadu_si512(lanes)),
        reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(*pair)))));
  }

  // e^(score - most) within a part in ten thousand, which is little beside the rounding to 8 bits:
  // 2^n times the cubic polynomial for 2^r whose largest relative error is the least.
  static CKERNELS_INLINE Wide weightOf(const float *scores, const Wide &most) {
    const Wide lowest = Wide{} - 150;
    Wide power = loaded<wideCount>(scores) * 1.44269504f - most * 1.44269504f;
    power = lowest > power ? lowest : power;  // which lets NaN through
    const Wide n = reinterpret_cast<Wide>(
        _mm512_roundscale_ps(reinterpret_cast<__m512>(power), _MM_FROUND_TO_NEAREST_INT));
    const Wide r = power - n;
    Wide sum = r * 0.05517157f + 0.24261111f;
    sum = sum * r + 0.693261f;
    sum = sum * r + 0.99992807f;
    return reinterpret_cast<Wide>(
        _mm512_scalef_ps(reinterpret_cast<__m512>(sum), reinterpret_cast<__m512>(n)));
  }

  // Rounds the weights of two keys, or of the last one and none.
  static CKERNELS_INLINE void weigh(const float *scores, uint32_t *weights, int64_t count,
                                    const Wide &most, Wide &total) {
    const Wide first = weightOf(scores, most);
    Wide second = {};
    if (count > 1) second = weightOf(scores + queryBlock, most);
    total += first + second;
    // Weights are neither negative nor infinite.
    using Pair = Lanes<uint32_t, wideCount>;
    const Pair low = (reinterpret_cast<Pair>(first) + 0x8000) >> 16;
    const Pair high = (reinterpret_cast<Pair>(second) + 0x8000) & 0xFFFF0000;
    store(weights, Pair(low | high));
  }
};

}  // namespace

void attendPairs(const AttentionBlock<uint32_t> &block) { attended<Pairs>(block); }

}  // namespace ckernels
#pragma clang attribute pop

#else
#include "AttentionLoops.h"

namespace ckernels {
void attendPairs(const AttentionBlock<uint32_t> &) {}
}  // namespace ckernels
#endif
