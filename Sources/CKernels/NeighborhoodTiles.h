// Neighbourhoods on the axes of a map, and the tiles that a map is cut into.

#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>

#include "Lanes.h"

namespace ckernels {

// One axis of a map. Tokens `dilation` apart form a group, which sees only itself: token i is
// member i / dilation of group i % dilation. Groups are cut into tiles of at most `tileLength` members.
struct Axis {
  int64_t length, kernel, dilation, tiles;

  Axis(int64_t length, int64_t kernel, int64_t dilation, int64_t tileLength)
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
inline Span neighbors(Side side, int64_t p, int64_t members, int64_t kernel) {
  const int64_t radius = kernel / 2;
  if (side == Side::queries) {
    const int64_t begin = std::min(std::max<int64_t>(p - radius, 0), members - kernel);
    return {begin, begin + kernel};
  }
  return {p < kernel ? 0 : p - radius, p >= members - kernel ? members : p + radius + 1};
}

// A tile of one axis: the members that are worked on, and all neighbours that any of them has.
struct Strip {
  Span items, halo;
  int64_t members, group, kernel, dilation;
  Side side;

  static Strip of(const Axis &axis, Side side, int64_t group, int64_t index) {
    Strip strip = {axis.tile(group, index), {0, 0}, axis.members(group), group,
                   axis.kernel,             axis.dilation, side};
    strip.halo = {strip.window(strip.items.begin).begin, strip.window(strip.items.end - 1).end};
    return strip;
  }

  // The neighbours of a member.
  Span window(int64_t member) const { return neighbors(side, member, members, kernel); }

  // The bias of a query and a key stands at K - 1 plus key minus query; for keys, the table is
  // turned around.
  int64_t bias(int64_t member, int64_t neighbor) const { return kernel - 1 + neighbor - member; }

  // The place of a member on the axis.
  int64_t token(int64_t member) const { return member * dilation + group; }
};

// How the items of a row, one in each lane, see a row of the halo: slot s of lane i stands for
// column s + i where windows lie side by side, and for column s of the halo where any of them was
// moved at the border.
struct Slots {
  bool shifted = true;
  int64_t count;
  Span columns[laneCount];  // the window of each item, in columns of the halo

  explicit Slots(const Strip &x) {
    for (int64_t i = 0; i < x.items.count(); i++) {
      const Span window = x.window(x.items.begin + i);
      columns[i] = {window.begin - x.halo.begin, window.end - x.halo.begin};
      shifted = shifted && columns[i].begin == i && columns[i].count() == columns[0].count();
    }
    count = shifted ? columns[0].count() : x.halo.count();
  }

  // The slot of the first column of an item's window.
  int64_t first(int64_t item) const { return shifted ? 0 : columns[item].begin; }
};

// A tile of one head of one sample, and how it is packed: tokens as `depth` numbers each, or as
// `depth` lines of columns after one another.
struct Tile {
  int64_t sample, head;
  Strip y, x;
  Slots slots;
  int64_t width, depth, lineLength;

  Tile(int64_t sample, int64_t head, const Strip &y, const Strip &x, int64_t width)
      : sample(sample), head(head), y(y), x(x), slots(x), width(width), depth(roundedUp(width)),
        // Whole registers are read from any slot on.
        lineLength(roundedUp(std::max(x.halo.count(), slots.count + laneCount - 1))) {}

  int64_t items() const { return y.items.count() * x.items.count(); }
  int64_t halo() const { return y.halo.count() * x.halo.count(); }
  int64_t biasSide() const { return 2 * y.kernel - 1; }

  // Numbers for one row of the halo, and for all rows that one row of items may see.
  int64_t rowScores() const { return slots.count * laneCount; }
  int64_t scores() const { return biasSide() * rowScores(); }
};

// One or two rows of items that are worked on together, since most rows that they see are the same.
struct RowPair {
  int64_t count;
  int64_t item;        // the first
  Span rows[2];        // of the halo; none for a row that is not there
  int64_t biasRow[2];  // of the first of `rows`

  RowPair(const Tile &t, int64_t py) : count(std::min<int64_t>(2, t.y.items.end - py)) {
    item = (py - t.y.items.begin) * t.x.items.count();
    for (int64_t i = 0; i < count; i++) {
      const Span window = t.y.window(py + i);
      rows[i] = {window.begin - t.y.halo.begin, window.end - t.y.halo.begin};
      biasRow[i] = t.y.bias(py + i, window.begin);
    }
    if (count == 1) rows[1] = {rows[0].end, rows[0].end}, biasRow[1] = 0;
  }

  // Rows of the halo that only the first row sees, that both see, and that only the second sees.
  Span onlyFirst() const { return {rows[0].begin, rows[1].begin}; }
  Span both() const { return {rows[1].begin, rows[0].end}; }
  Span onlySecond() const { return {rows[0].end, rows[1].end}; }
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

  // From one member of a group to the next.
  int64_t step(const Tile &t) const { return t.x.dilation * column; }
};

}  // namespace ckernels
