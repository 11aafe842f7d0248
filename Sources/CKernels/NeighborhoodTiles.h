// Neighbourhoods on the axes of a map, and tiles of a map packed for the processor's caches.

#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "Features.h"

namespace ckernels {

// Numbers that are computed side by side: one register of AVX2 in float32.
constexpr int64_t laneCount = 8;

inline int64_t roundedUp(int64_t count) { return (count + laneCount - 1) / laneCount * laneCount; }

// Consecutive members of a group, counted within it.
struct Span {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

// One axis of a map. Tokens `dilation` apart form a group, which sees only itself: token i is member
// i / dilation of group i % dilation. Groups are cut into tiles of at most `tileLength` members.
struct Axis {
  static constexpr int64_t tileLength = 8;
  int64_t length, kernel, dilation, tiles;

  Axis(int64_t length, int64_t kernel, int64_t dilation)
      : length(length), kernel(kernel), dilation(dilation) {
    tiles = std::max<int64_t>(1, (members(0) + tileLength - 1) / tileLength);
  }

  int64_t members(int64_t group) const { return (length - group + dilation - 1) / dilation; }

  Span tile(int64_t group, int64_t index) const {
    const int64_t count = members(group);
    return {count * index / tiles, count * (index + 1) / tiles};
  }
};

// Who is whose neighbour: a query sees `kernel` keys, moved inwards at the border; a key is seen by
// `kernel` queries too, but by fewer at the border, and by up to 2 * kernel - 1 near it.
enum class Side { queries, keys };

// The neighbours of member `p` of a group.
template <Side side>
CKERNELS_INLINE Span neighbors(int64_t p, int64_t members, int64_t kernel) {
  const int64_t radius = kernel / 2;
  if constexpr (side == Side::queries) {
    const int64_t begin = std::min(std::max<int64_t>(p - radius, 0), members - kernel);
    return {begin, begin + kernel};
  } else {
    return {p < kernel ? 0 : p - radius, p >= members - kernel ? members : p + radius + 1};
  }
}

// A tile of one axis: the members that are worked on, and all neighbours that any of them has.
struct Strip {
  Span items, halo;
  int64_t members, group, kernel, dilation;

  template <Side side>
  static Strip of(const Axis &axis, int64_t group, int64_t index) {
    const Span items = axis.tile(group, index);
    const int64_t members = axis.members(group);
    const Span halo = {neighbors<side>(items.begin, members, axis.kernel).begin,
                       neighbors<side>(items.end - 1, members, axis.kernel).end};
    return {items, halo, members, group, axis.kernel, axis.dilation};
  }

  // The place of a member on the axis.
  int64_t token(int64_t member) const { return member * dilation + group; }
};

// A tile of one head of one sample, and how it is packed. Items are packed with `depth` numbers
// each; the halo row by row, either so, or as `width` lines of `lineLength` columns.
struct Tile {
  int64_t sample, head;
  Strip y, x;
  int64_t width, depth, lineLength;

  Tile(int64_t sample, int64_t head, const Strip &y, const Strip &x, int64_t width)
      : sample(sample), head(head), y(y), x(x), width(width), depth(roundedUp(width)),
        // Whole registers are read from any column on.
        lineLength(roundedUp(x.halo.count()) + laneCount) {}

  int64_t items() const { return y.items.count() * x.items.count(); }
};

// The neighbours of one item: where they begin in the halo, and where their biases begin.
struct Window {
  int64_t row, column, rows, columns, biasRow, biasColumn;
  int64_t stride;  // of a row of scores

  // The bias of a query and a key stands at K - 1 plus key minus query, on each axis; for keys, the
  // table is turned around.
  template <Side side>
  CKERNELS_INLINE static Window of(const Tile &t, int64_t py, int64_t px) {
    const Span y = neighbors<side>(py, t.y.members, t.y.kernel);
    const Span x = neighbors<side>(px, t.x.members, t.x.kernel);
    return {y.begin - t.y.halo.begin,
            x.begin - t.x.halo.begin,
            y.count(),
            x.count(),
            t.y.kernel - 1 + y.begin - py,
            t.x.kernel - 1 + x.begin - px,
            (x.count() + laneCount - 1) / laneCount * laneCount};
  }
};

// A tensor [B, H, W, h, D], or [B, H, W, h], in which the numbers of a head lie side by side.
template <typename Scalar>
struct View {
  Scalar *data;
  int64_t sample, row, column, head;

  View(Scalar *data, const at::Tensor &t)
      : data(data), sample(t.stride(0)), row(t.stride(1)), column(t.stride(2)), head(t.stride(3)) {}

  Scalar *at(const Tile &t, int64_t py, int64_t px) const {
    return data + t.sample * sample + t.y.token(py) * row + t.x.token(px) * column + t.head * head;
  }
};

// Packs one token, times a factor; what follows its numbers stays as it is.
template <typename Scalar, typename Acc>
CKERNELS_INLINE void packToken(Acc *to, const Scalar *from, int64_t width, Acc factor) {
  for (int64_t d = 0; d < width; d++) to[d] = static_cast<Acc>(from[d]) * factor;
}

// Packs the items of a tile, times a factor.
template <typename Scalar, typename Acc>
void packItems(std::vector<Acc> &to, const View<Scalar> &from, const Tile &t, Acc factor = 1) {
  to.resize(t.items() * t.depth);
  Acc *item = to.data();
  for (int64_t py = t.y.items.begin; py < t.y.items.end; py++) {
    for (int64_t px = t.x.items.begin; px < t.x.items.end; px++, item += t.depth) {
      packToken(item, from.at(t, py, px), t.width, factor);
      std::fill(item + t.width, item + t.depth, Acc(0));
    }
  }
}

// Packs the halo of a tile, times a factor, `depth` numbers after one another.
template <typename Scalar, typename Acc>
void packHalo(std::vector<Acc> &to, const View<Scalar> &from, const Tile &t, Acc factor = 1) {
  to.resize(t.y.halo.count() * t.x.halo.count() * t.depth);
  Acc *token = to.data();
  for (int64_t py = t.y.halo.begin; py < t.y.halo.end; py++) {
    for (int64_t px = t.x.halo.begin; px < t.x.halo.end; px++, token += t.depth) {
      packToken(token, from.at(t, py, px), t.width, factor);
      std::fill(token + t.width, token + t.depth, Acc(0));
    }
  }
}

// Turns `laneCount` rows of as many numbers into columns.
template <typename Acc>
CKERNELS_INLINE void transpose(Acc *to, int64_t toStride, const Acc *from, int64_t fromStride) {
  for (int64_t d = 0; d < laneCount; d++)
    for (int64_t i = 0; i < laneCount; i++) to[d * toStride + i] = from[i * fromStride + d];
}

// Packs the halo of a tile, times a factor, as lines: columns after one another.
template <typename Scalar, typename Acc>
void packLines(std::vector<Acc> &to, const View<Scalar> &from, const Tile &t, int64_t width,
               Acc factor = 1) {
  to.resize(t.y.halo.count() * width * t.lineLength);
  const int64_t padded = roundedUp(width);
  thread_local std::vector<Acc> tokens;  // as many as lanes
  tokens.assign(laneCount * padded, 0);
  Acc *lines = to.data();
  for (int64_t py = t.y.halo.begin; py < t.y.halo.end; py++, lines += width * t.lineLength) {
    for (int64_t column = 0; column < t.lineLength; column += laneCount) {
      const int64_t count = std::clamp<int64_t>(t.x.halo.count() - column, 0, laneCount);
      for (int64_t i = 0; i < count; i++)
        packToken(tokens.data() + i * padded, from.at(t, py, t.x.halo.begin + column + i), width,
                  factor);
      std::fill(tokens.begin() + count * padded, tokens.end(), Acc(0));
      for (int64_t d = 0; d < width; d += laneCount) {
        if (d + laneCount <= width) {
          transpose(lines + d * t.lineLength + column, t.lineLength, tokens.data() + d, padded);
        } else {
          for (int64_t rest = d; rest < width; rest++)
            for (int64_t i = 0; i < laneCount; i++)
              lines[rest * t.lineLength + column + i] = tokens[i * padded + rest];
        }
      }
    }
  }
}

// Writes back what was computed for the items of a tile.
template <typename Scalar, typename Acc>
void unpackItems(const View<Scalar> &to, const std::vector<Acc> &from, const Tile &t, int64_t width,
                 int64_t depth) {
  const Acc *item = from.data();
  for (int64_t py = t.y.items.begin; py < t.y.items.end; py++) {
    for (int64_t px = t.x.items.begin; px < t.x.items.end; px++, item += depth) {
      Scalar *target = to.at(t, py, px);
      for (int64_t d = 0; d < width; d++) target[d] = static_cast<Scalar>(item[d]);
    }
  }
}

}  // namespace ckernels
