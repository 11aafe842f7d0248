// The inner loops of attention among all tokens: queries side by side in registers, keys one after
// the other.

#pragma once

#include <limits>

#include "Lanes.h"

namespace ckernels {

// Queries in a register: one of AVX-512.
constexpr int64_t wideCount = 16;
// Queries that are worked on at once, and keys after which their weights are summed: what belongs
// to both stays in the first cache.
constexpr int64_t queryBlock = 2 * wideCount, keyBlock = 64;

// Some queries and all of their keys; `Number` is one number, or two of 16 bits.
template <typename Number>
struct AttentionBlock {
  const Number *queries;  // [depth, query]
  const Number *keys;     // [key, depth]
  const Number *values;   // [key, depth]; two numbers are of two keys
  const float *biases;    // [key, query], or null
  int64_t biasStride, count, depth;
  float scale;
  float *results;  // [depth, query]
};

// Attention on processors that multiply two numbers of 16 bits at once.
void attendPairs(const AttentionBlock<uint32_t> &block);

namespace {

using Wide = Lanes<float, wideCount>;
constexpr int64_t registers = queryBlock / wideCount;
// Keys, or numbers of a value, that are worked on at once.
constexpr int rows = 4;

// One number at a time.
struct Singles {
  using Number = float;
  static constexpr int64_t together = 1;

  static CKERNELS_INLINE void add(Wide &sum, const float *lanes, const float *number) {
    sum += loaded<wideCount>(lanes) * *number;
  }

  static CKERNELS_INLINE void weigh(float *scores, float *, int64_t, const Wide &most,
                                    Wide &total) {
    const Wide weight = exponential(Wide(loaded<wideCount>(scores) - most));
    total += weight;
    store(scores, weight);
  }
};

// The products of queries with `count` keys, times a factor, plus biases; and the largest so far.
template <typename Format, int count>
CKERNELS_INLINE void multiplyKeys(float *scores, const AttentionBlock<typename Format::Number> &b,
                                  int64_t key, Wide *most) {
  const int64_t length = b.depth / Format::together;
  const auto *keys = b.keys + key * length;
  Wide sums[count][registers] = {};
  for (int64_t d = 0; d < length; d++)
    for (int r = 0; r < count; r++)
      for (int v = 0; v < registers; v++)
        Format::add(sums[r][v], b.queries + d * queryBlock + v * wideCount, keys + r * length + d);
  for (int r = 0; r < count; r++) {
    for (int v = 0; v < registers; v++) {
      Wide score = sums[r][v] * b.scale;
      if (b.biases)
        score += loaded<wideCount>(b.biases + (key + r) * b.biasStride + v * wideCount);
      most[v] = score > most[v] ? score : most[v];
      store(scores + r * queryBlock + v * wideCount, score);
    }
  }
}

// Adds the weighted values of some keys to the results, which are multiplied with factors before.
template <typename Format>
CKERNELS_INLINE void addValues(const AttentionBlock<typename Format::Number> &b,
                               const typename Format::Number *weights, Span keys,
                               const Wide *factors) {
  const auto *values = b.values + keys.begin / Format::together * b.depth;
  const int64_t count = (keys.count() + Format::together - 1) / Format::together;
  for (int64_t d = 0; d < b.depth; d += rows) {
    float *results = b.results + d * queryBlock;
    Wide sums[rows][registers];
    for (int r = 0; r < rows; r++)
      for (int v = 0; v < registers; v++)
        sums[r][v] = loaded<wideCount>(results + r * queryBlock + v * wideCount) * factors[v];
    for (int64_t k = 0; k < count; k++)
      for (int r = 0; r < rows; r++)
        for (int v = 0; v < registers; v++)
          Format::add(sums[r][v], weights + k * queryBlock + v * wideCount,
                      values + k * b.depth + d + r);
    for (int r = 0; r < rows; r++)
      for (int v = 0; v < registers; v++)
        store(results + r * queryBlock + v * wideCount, sums[r][v]);
  }
}

// Results of a block. Weights are relative to the largest score so far: when a larger one is found,
// what has been summed is made smaller.
template <typename Format>
CKERNELS_INLINE void attended(const AttentionBlock<typename Format::Number> &b) {
  alignas(64) float scores[keyBlock * queryBlock];
  Wide most[registers], total[registers] = {};
  // Below every score but -∞, and not -∞ itself: keys that a bias forbids weigh 0 beside it.
  for (int v = 0; v < registers; v++) most[v] = Wide{} - 1e30f;
  std::fill(b.results, b.results + b.depth * queryBlock, 0.f);
  for (int64_t first = 0; first < b.count; first += keyBlock) {
    const int64_t count = std::min(keyBlock, b.count - first);
    Wide factors[registers];
    for (int v = 0; v < registers; v++) factors[v] = most[v];
    int64_t key = 0;
    for (; key + rows <= count; key += rows)
      multiplyKeys<Format, rows>(scores + key * queryBlock, b, first + key, most);
    for (; key < count; key++)
      multiplyKeys<Format, 1>(scores + key * queryBlock, b, first + key, most);
    for (int v = 0; v < registers; v++) {
      factors[v] = exponential(Wide(factors[v] - most[v]));
      total[v] *= factors[v];
    }
    auto *weights = reinterpret_cast<typename Format::Number *>(scores);
    for (int64_t k = 0; k < count; k += Format::together)
      for (int v = 0; v < registers; v++)
        Format::weigh(scores + k * queryBlock + v * wideCount,
                      weights + k / Format::together * queryBlock + v * wideCount, count - k,
                      most[v], total[v]);
    addValues<Format>(b, weights, {first, first + count}, factors);
  }
  for (int64_t d = 0; d < b.depth; d++)
    for (int v = 0; v < registers; v++) {
      float *result = b.results + d * queryBlock + v * wideCount;
      store(result, Wide(loaded<wideCount>(result) / total[v]));
    }
}

}  // namespace
}  // namespace ckernels
