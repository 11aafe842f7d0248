// Attention among all tokens, or among those of a window of a map, whose scores stay in the first
// cache; and tokens are read and written where they lie.

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <optional>
#include <vector>

#include "AttentionLoops.h"
#include "Buffer.h"
#include "Parallel.h"
#include "TokenPacking.h"

namespace ckernels {
namespace {

CKERNELS_FOR_EACH_LEVEL void attendSingles(const AttentionBlock<float> &block) {
  attended<Singles>(block);
}

// The tokens of a map, [B, H, W, h, D], in which the numbers of a head lie side by side.
template <typename Scalar>
struct Tokens {
  Scalar *data;
  int64_t sample, row, column, head;

  Tokens(Scalar *data, const at::Tensor &t)
      : data(data), sample(t.stride(0)), row(t.stride(1)), column(t.stride(2)), head(t.stride(3)) {}
};

// A window of a map that wraps around at its borders, and some of its heads.
struct Window {
  int64_t sample, top, left;
  int64_t width;                // of the window
  int64_t mapHeight, mapWidth;  // of the map
  Span heads;

  // Calls `body(first, head, token, count)` for runs of tokens that lie in a row of the map;
  // `first` and `head` count from those of the spans. The heads of a run follow one another, since
  // they lie side by side in memory.
  template <typename Scalar, typename Body>
  void forEachRun(const Tokens<Scalar> &of, Span tokens, Body body) const {
    int64_t count;
    for (int64_t i = tokens.begin; i < tokens.end; i += count) {
      const int64_t y = (top + i / width) % mapHeight, x = (left + i % width) % mapWidth;
      count = std::min({tokens.end - i, width - i % width, mapWidth - x});
      Scalar *token = of.data + sample * of.sample + y * of.row + x * of.column;
      for (int64_t head = heads.begin; head < heads.end; head++)
        body(i - tokens.begin, head - heads.begin, token + head * of.head, count);
    }
  }
};

// What a thread keeps for some heads of a window, and for a block of queries of one head.
struct Packed {
  Buffer<float> tokens, keys, values;  // [head, token, number]
  Buffer<float> queries, results;
  Buffer<uint32_t> pairedTokens, pairedKeys, pairedValues;  // [head, token, pair]
  Buffer<uint32_t> pairedQueries, joinedValues;             // of a head
};

// Attention of some queries of a window to all of its keys.
template <typename Scalar>
class WindowAttention {
 public:
  Tokens<const Scalar> queries, keys, values;
  Tokens<Scalar> results;
  int64_t width, depth;  // numbers of a head, and with zeros behind them
  float scale;
  bool paired;  // whether pairs of bfloat16 are multiplied

  // `biases` are [head, key, query] or null.
  void attend(const Window &from, Span items, const Window &to, int64_t keyCount,
              const float *biases, int64_t biasStride) const {
    thread_local Packed packed;
    const int64_t length = (keyCount + 1) / 2 * 2;
    const Span all = {0, keyCount};
    packed.results.resize(depth * queryBlock);
    if (paired) {
      pack(packed.pairedTokens, from, queries, items, items.count(), depth / 2);
      pack(packed.pairedKeys, to, keys, all, length, depth / 2);
      pack(packed.pairedValues, to, values, all, length, depth / 2);
      packed.tokens.resize(from.heads.count() * items.count() * depth);
      packed.pairedQueries.resize(depth / 2 * queryBlock);
      packed.joinedValues.resize(length / 2 * depth);
    } else {
      pack(packed.tokens, from, queries, items, items.count(), depth);
      pack(packed.keys, to, keys, all, length, depth);
      pack(packed.values, to, values, all, length, depth);
      packed.queries.resize(depth * queryBlock);
    }
    for (int64_t head = 0; head < from.heads.count(); head++) {
      const float *bias = biases ? biases + head * keyCount * biasStride + items.begin : nullptr;
      float *tokens = packed.tokens.data() + head * items.count() * depth;
      float *sums = packed.results.data();
      if (paired) joinValues(packed, head, length);
      for (int64_t first = 0; first < items.count(); first += queryBlock) {
        const int64_t count = std::min(queryBlock, items.count() - first);
        const float *blockBias = bias ? bias + first : nullptr;
        if (paired) {
          transposePairs(packed.pairedQueries.data(), queryBlock,
                         packed.pairedTokens.data() + (head * items.count() + first) * depth / 2,
                         count, depth / 2);
          attendPairs({packed.pairedQueries.data(),
                       packed.pairedKeys.data() + head * length * depth / 2,
                       packed.joinedValues.data(), blockBias, biasStride, keyCount, depth, scale,
                       sums});
        } else {
          transposeTokens(packed.queries.data(), queryBlock, tokens + first * depth, depth, count,
                          1.f, depth);
          attendSingles({packed.queries.data(), packed.keys.data() + head * length * depth,
                         packed.values.data() + head * length * depth, blockBias, biasStride,
                         keyCount, depth, scale, sums});
        }
        untranspose(tokens + first * depth, sums, count);
      }
    }
    from.forEachRun(results, items, [&](int64_t at, int64_t head, Scalar *token, int64_t count) {
      unpackTokens(token, results.column,
                   packed.tokens.data() + (head * items.count() + at) * depth, count, 1.f, width,
                   depth);
    });
  }

 private:
  // Packs tokens one after the other as lines of `step` numbers, or pairs of them, and zeros up to
  // `length` of them.
  template <typename Number>
  void pack(Buffer<Number> &to, const Window &window, const Tokens<const Scalar> &from, Span tokens,
            int64_t length, int64_t step) const {
    to.resize(window.heads.count() * length * step);
    if (length > tokens.count()) std::fill(to.begin(), to.end(), Number(0));
    window.forEachRun(from, tokens,
                      [&](int64_t at, int64_t head, const Scalar *token, int64_t count) {
                        copy(to.data() + (head * length + at) * step, token, from.column, count);
                      });
  }

  void copy(float *to, const Scalar *from, int64_t step, int64_t count) const {
    packTokens(to, from, step, count, 1.f, width, depth);
  }

  // Numbers of 16 bits as they are.
  void copy(uint32_t *to, const Scalar *from, int64_t step, int64_t count) const {
    for (int64_t i = 0; i < count; i++, from += step, to += depth / 2) {
      if (depth != width) std::fill(to, to + depth / 2, 0);
      std::memcpy(to, from, width * sizeof(Scalar));
    }
  }

  // Writes the results of `count` queries in the place of their tokens.
  void untranspose(float *tokens, const float *sums, int64_t count) const {
    if (count == queryBlock)
      return transposeTokens(tokens, depth, sums, queryBlock, depth, 1.f, queryBlock);
    thread_local Buffer<float> all;
    all.resize(queryBlock * depth);
    transposeTokens(all.data(), depth, sums, queryBlock, depth, 1.f, queryBlock);
    std::copy(all.begin(), all.begin() + count * depth, tokens);
  }

  // Puts the values of every two keys side by side.
  void joinValues(Packed &packed, int64_t head, int64_t length) const {
    const auto *from = reinterpret_cast<const uint16_t *>(packed.pairedValues.data()) +
                       head * length * depth;
    for (int64_t key = 0; key < length; key += 2)
      joinTokens(packed.joinedValues.data() + key / 2 * depth, from + key * depth,
                 from + (key + 1) * depth, depth);
  }
};

void checkOperands(const char *name, const at::Tensor &q, const at::Tensor &k,
                   const at::Tensor &v) {
  TORCH_CHECK(q.dim() == 5 && k.dim() == 5 && k.sizes() == v.sizes() && q.size(0) == k.size(0) &&
                  q.size(3) == k.size(3) && q.size(4) == k.size(4),
              name, ": q, k and v of sizes ", q.sizes(), ", ", k.sizes(), " and ", v.sizes(),
              ", expected [B, H, W, h, D] with equal B, h and D");
  TORCH_CHECK((q.scalar_type() == at::kFloat || q.scalar_type() == at::kBFloat16) &&
                  k.scalar_type() == q.scalar_type() && v.scalar_type() == q.scalar_type(),
              name, ": q, k and v of types ", q.scalar_type(), ", ", k.scalar_type(), " and ",
              v.scalar_type(), ", expected float or bfloat16");
}

// A tensor whose heads' numbers lie side by side: itself if they do.
at::Tensor together(const at::Tensor &t) { return t.stride(-1) == 1 ? t : t.contiguous(); }

// Calls `body` with what attends.
template <typename Body>
at::Tensor attending(const at::Tensor &qIn, const at::Tensor &kIn, const at::Tensor &vIn,
                     double scale, Body body) {
  const at::Tensor q = together(qIn), k = together(kIn), v = together(vIn);
  const at::Tensor out = at::empty(q.sizes(), q.options());
  const auto run = [&](auto scalar) {
    using Scalar = decltype(scalar);
    const bool paired = std::is_same_v<Scalar, at::BFloat16> && hasPairs();
    // Whole registers of numbers, or of pairs.
    const int64_t depth = paired ? 2 * roundedUp((q.size(4) + 1) / 2) : roundedUp(q.size(4));
    body(WindowAttention<Scalar>{Tokens<const Scalar>(q.const_data_ptr<Scalar>(), q),
                                 Tokens<const Scalar>(k.const_data_ptr<Scalar>(), k),
                                 Tokens<const Scalar>(v.const_data_ptr<Scalar>(), v),
                                 Tokens<Scalar>(out.mutable_data_ptr<Scalar>(), out), q.size(4),
                                 depth, static_cast<float>(scale), paired});
  };
  if (q.scalar_type() == at::kFloat)
    run(float());
  else
    run(at::BFloat16());
  return out;
}

// Queries [B, 1, L, h, D] to all keys [B, 1, K, h, D].
at::Tensor tokenAttention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                          double scale) {
  checkOperands("token_attention", q, k, v);
  TORCH_CHECK(q.size(1) == 1 && k.size(1) == 1 && k.size(2) > 0,
              "token_attention: q and k of sizes ", q.sizes(), " and ", k.sizes(),
              ", expected [B, 1, L, h, D] and at least one key");
  const int64_t samples = q.size(0), length = q.size(2), heads = q.size(3), keys = k.size(2);
  // So many queries that packing the keys anew for each part costs little.
  constexpr int64_t most = 512;
  const int64_t parts = (length + most - 1) / most;
  return attending(q, k, v, scale, [&](const auto &attention) {
    forEachRow(samples * heads * parts, most * keys, [&](int64_t index) {
      const int64_t sample = index / (heads * parts), head = index / parts % heads;
      const Span items = {index % parts * most, std::min(length, (index % parts + 1) * most)};
      const Span one = {head, head + 1};
      attention.attend({sample, 0, 0, length, 1, length, one}, items,
                       {sample, 0, 0, keys, 1, keys, one}, keys, nullptr, 0);
    });
  });
}

// The windows of size x size tokens of maps [B, H, W, h, D], each head's grid of them moved by
// `shifts`. `biases` are [kinds, h, key, query]: one for all windows, or those of windows that lie
// neither in the last row nor in the last column of the grid, in the last column, in the last row,
// and in both.
at::Tensor windowAttention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                           const at::Tensor &biases, int64_t size, at::IntArrayRef shifts,
                           double scale) {
  checkOperands("window_attention", q, k, v);
  const int64_t samples = q.size(0), height = q.size(1), width = q.size(2), heads = q.size(3);
  const int64_t tokens = size * size, kinds = biases.dim() == 4 ? biases.size(0) : 0;
  TORCH_CHECK(q.sizes() == k.sizes() && size > 0 && height % size == 0 && width % size == 0 &&
                  int64_t(shifts.size()) == heads &&
                  std::all_of(shifts.begin(), shifts.end(), [](int64_t s) { return s >= 0; }),
              "window_attention: q and k of sizes ", q.sizes(), " and ", k.sizes(), ", windows of ",
              size, ", ", shifts.size(), " shifts");
  TORCH_CHECK((kinds == 1 || kinds == 4) && biases.size(1) == heads && biases.size(2) == tokens &&
                  biases.size(3) == tokens,
              "window_attention: biases of sizes ", biases.sizes(), ", expected [1 or 4, ", heads,
              ", ", tokens, ", ", tokens, "]");
  const int64_t stride = (tokens + queryBlock - 1) / queryBlock * queryBlock;
  const at::Tensor table =
      at::constant_pad_nd(biases.to(at::kFloat), {0, stride - tokens}).contiguous();
  const float *bias = table.const_data_ptr<float>();
  const int64_t down = height / size, across = width / size;
  return attending(q, k, v, scale, [&](const auto &attention) {
    forEachRow(samples * down * across, heads * tokens * tokens, [&](int64_t index) {
      const int64_t column = index % across, row = index / across % down;
      const int64_t kind = kinds == 1 ? 0 : (row == down - 1) * 2 + (column == across - 1);
      for (Span group = {0, 0}; group.begin < heads; group.begin = group.end) {
        const int64_t shift = shifts[group.begin];
        while (group.end < heads && shifts[group.end] == shift) group.end++;
        const Window window = {index / across / down, row * size + shift, column * size + shift,
                               size, height, width, group};
        attention.attend(window, {0, tokens}, window, tokens,
                         bias + (kind * heads + group.begin) * tokens * stride, stride);
      }
    });
  });
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def("token_attention(Tensor q, Tensor k, Tensor v, float scale) -> Tensor");
  library.def(
      "window_attention(Tensor q, Tensor k, Tensor v, Tensor biases, int size, int[] shifts, "
      "float scale) -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) {
  library.impl("token_attention", tokenAttention);
  library.impl("window_attention", windowAttention);
}

}  // namespace ckernels
