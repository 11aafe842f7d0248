// What forward and backward compute for one tile of a map of neighbourhood attention.

#pragma once

#include <vector>

#include "Buffer.h"
#include "NeighborhoodLoops.h"

namespace ckernels {
namespace {

// What a thread keeps for one tile. Backward works on two quantities at once: queries and the
// gradients of results, or keys and values.
template <typename Acc>
struct Room {
  Buffer<Acc> items, otherItems;      // [row, number, lane]
  Buffer<Acc> halo, otherHalo;        // [row, column, number], to be summed with weights
  Buffer<Acc> lines, otherLines;      // to be multiplied with items: see `packLines`
  Buffer<Acc> logSums, deltas;        // of items [row, lane], or of the halo [row, column]
  Buffer<Acc> results, otherResults;  // [row, item, number]
  Buffer<Acc> scores, flows;          // of a pair of rows
  Buffer<Acc> factors;                // of a pair of rows
  Buffer<Acc> biases, biasSums;       // [bias row, slot, lane]
  Buffer<Acc> biasTable;              // sums as in `Biases`
  Ahead ahead;

  // Makes room for what every pass needs.
  void fit(const Tile &t) {
    results.resize(t.items() * t.depth);
    scores.resize(2 * t.scores());
    flows.resize(2 * t.scores());
    factors.resize(2 * laneCount);
    biases.resize(t.scores());
  }
};

// The thread's room.
template <typename Acc>
Room<Acc> &roomFor(const Tile &t) {
  thread_local Room<Acc> room;
  room.fit(t);
  return room;
}

// The biases of one head. Each row is turned around, and lies between two margins.
template <typename Acc>
struct Biases {
  const Acc *table;  // behind the first margin
  int64_t stride;

  static constexpr int64_t margin = laneCount;
};

// The rows of the table of biases that a tile needs.
inline Span biasRows(const Tile &t) {
  Span rows = {t.biasSide(), 0};
  for (int64_t py = t.y.items.begin; py < t.y.items.end; py++) {
    const Span window = t.y.window(py);
    rows.begin = std::min(rows.begin, t.y.bias(py, window.begin));
    rows.end = std::max(rows.end, t.y.bias(py, window.end));
  }
  return rows;
}

// MARK: Packing

// Packs tokens of a row of a tile, times a factor, as lines of `length` columns.
template <typename Scalar, typename Acc>
void packRow(Acc *to, int64_t length, const Scalar *from, int64_t step, int64_t count, Acc factor,
             const Tile &t) {
  if constexpr (std::is_same_v<Scalar, Acc>)
    if (t.width == t.depth) return transposeTokens(to, length, from, step, count, factor, t.depth);
  thread_local Buffer<Acc> tokens;
  tokens.resize(count * t.depth);
  packTokens(tokens.data(), from, step, count, factor, t.width, t.depth);
  transposeTokens(to, length, tokens.data(), t.depth, count, Acc(1), t.depth);
}

// Packs the items of a tile as lanes, times a factor.
template <typename Scalar, typename Acc>
void packItems(Buffer<Acc> &to, const View<const Scalar> &from, const Tile &t, Acc factor) {
  to.resize(t.y.items.count() * t.depth * laneCount);
  Acc *row = to.data();
  for (int64_t py = t.y.items.begin; py < t.y.items.end; py++, row += t.depth * laneCount)
    packRow(row, laneCount, from.at(t, py, t.x.items.begin), from.step(t), t.x.items.count(),
            factor, t);
}

// Packs the halo of a tile as tokens, times a factor.
template <typename Scalar, typename Acc>
void packHalo(Buffer<Acc> &to, const View<const Scalar> &from, const Tile &t, Acc factor) {
  const int64_t count = t.x.halo.count();
  to.resize(t.halo() * t.depth);
  Acc *row = to.data();
  for (int64_t py = t.y.halo.begin; py < t.y.halo.end; py++, row += count * t.depth)
    packTokens(row, from.at(t, py, t.x.halo.begin), from.step(t), count, factor, t.width, t.depth);
}

// Packs the halo of a tile, times a factor, to be multiplied with items: as [row, number, column]
// where windows lie side by side; elsewhere products take one number in all lanes, and tokens serve
// them as they are.
template <typename Scalar, typename Acc>
void packLines(Buffer<Acc> &to, const View<const Scalar> &from, const Tile &t, Acc factor) {
  if (!t.slots.shifted) return packHalo(to, from, t, factor);
  to.resize(t.y.halo.count() * t.depth * t.lineLength);
  Acc *row = to.data();
  for (int64_t py = t.y.halo.begin; py < t.y.halo.end; py++, row += t.depth * t.lineLength)
    packRow(row, t.lineLength, from.at(t, py, t.x.halo.begin), from.step(t), t.x.halo.count(),
            factor, t);
}

// Packs the same tokens as `lines`, to be summed with weights, where lines are no tokens.
template <typename Scalar, typename Acc>
void packHaloBeside(Buffer<Acc> &to, const View<const Scalar> &from, const Tile &t, Acc factor) {
  if (t.slots.shifted) packHalo(to, from, t, factor);
}

// The tokens that `packHaloBeside` packed, or lines that are tokens.
template <typename Acc>
const Acc *packedTokens(const Tile &t, const Buffer<Acc> &halo, const Buffer<Acc> &lines) {
  return (t.slots.shifted ? halo : lines).data();
}

// Packs one number of each token.
template <typename Acc>
void packNumbers(Buffer<Acc> &to, const View<const Acc> &from, Span rows, Span columns,
                 int64_t length, const Tile &t) {
  to.resize(rows.count() * length);
  Acc *row = to.data();
  for (int64_t py = rows.begin; py < rows.end; py++, row += length)
    for (int64_t i = 0; i < columns.count(); i++) row[i] = *from.at(t, py, columns.begin + i);
}

// Writes back what was computed for the items of a tile, times a factor.
template <typename Scalar, typename Acc>
void unpackItems(const View<Scalar> &to, const Buffer<Acc> &from, const Tile &t, Acc factor) {
  const int64_t count = t.x.items.count();
  const Acc *row = from.data();
  for (int64_t py = t.y.items.begin; py < t.y.items.end; py++, row += count * t.depth)
    unpackTokens(to.at(t, py, t.x.items.begin), to.step(t), row, count, factor, t.width, t.depth);
}

// Writes back one number of each item.
template <typename Acc>
void unpackNumbers(const View<Acc> &to, const Buffer<Acc> &from, const Tile &t) {
  const Acc *row = from.data();
  for (int64_t py = t.y.items.begin; py < t.y.items.end; py++, row += laneCount)
    for (int64_t i = 0; i < t.x.items.count(); i++) *to.at(t, py, t.x.items.begin + i) = row[i];
}

// MARK: Passes

// Calls `body(pair, place)` for the rows of a tile, two at a time; `place` counts rows.
template <typename Body>
void forEachPair(const Tile &t, Body body) {
  for (int64_t row = 0; row < t.y.items.count(); row += 2)
    body(RowPair(t, t.y.items.begin + row), row);
}

// Results and logarithms of sums, by query: of items, lines and halo.
template <typename Acc>
void attend(const Tile &t, const Biases<Acc> &biases, Room<Acc> &room) {
  room.logSums.resize(t.y.items.count() * laneCount);
  spread(room.biases.data(), biases.table, biases.stride, biasRows(t), t);
  room.ahead.plan(t, 1, 1);
  forEachPair(t, [&](const RowPair &p, int64_t row) {
    Acc *scores = room.scores.data(), *factors = room.factors.data();
    multiply(scores, room.items.data() + row * t.depth * laneCount, room.lines.data(),
             room.biases.data(), t, p, room.ahead);
    weigh(scores, room.logSums.data() + row * laneCount, factors, t, p);
    addTokens(room.results.data() + p.item * t.depth, scores, room.halo.data(), factors, t, p,
              room.ahead);
  });
}

// Gradients of queries and of the biases, by query; and for each query the mean of what flows back
// into its weights.
template <typename Acc>
void differentiateQueries(const Tile &t, const Biases<Acc> &biases, Acc *biasSums,
                          Room<Acc> &room) {
  const Span rows = biasRows(t);
  const int64_t side = t.biasSide(), margin = Biases<Acc>::margin;
  room.deltas.resize(t.y.items.count() * laneCount);
  room.biasSums.assign(t.scores(), 0);
  spread(room.biases.data(), biases.table, biases.stride, rows, t);
  room.ahead.plan(t, 2, 1);
  forEachPair(t, [&](const RowPair &p, int64_t row) {
    const int64_t lanes = row * laneCount, item = lanes * t.depth;
    Acc *scores = room.scores.data(), *flows = room.flows.data();
    multiply(scores, room.items.data() + item, room.lines.data(), room.biases.data(), t, p,
             room.ahead);
    multiply(flows, room.otherItems.data() + item, room.otherLines.data(), nullptr, t, p,
             room.ahead);
    flowByQuery(scores, flows, room.logSums.data() + lanes, room.deltas.data() + lanes,
                room.biasSums.data(), t, p);
    addTokens(room.results.data() + p.item * t.depth, flows,
              packedTokens(t, room.halo, room.lines), nullptr, t, p,
              room.ahead);
  });
  room.biasTable.assign(side * biases.stride, 0);
  gather(room.biasTable.data() + margin, biases.stride, room.biasSums.data(), rows, t);
  for (int64_t row = 0; row < side; row++)
    for (int64_t c = 0; c < side; c++)
      biasSums[row * side + side - 1 - c] = room.biasTable[row * biases.stride + margin + c];
}

// Gradients of keys and values, by key.
template <typename Acc>
void differentiateKeys(const Tile &t, const Biases<Acc> &biases, Room<Acc> &room) {
  room.otherResults.resize(t.items() * t.depth);
  spread(room.biases.data(), biases.table, biases.stride, biasRows(t), t);
  room.ahead.plan(t, 2, 2);
  forEachPair(t, [&](const RowPair &p, int64_t row) {
    const int64_t item = row * t.depth * laneCount;
    Acc *scores = room.scores.data(), *flows = room.flows.data();
    multiply(scores, room.items.data() + item, room.lines.data(), room.biases.data(), t, p,
             room.ahead);
    multiply(flows, room.otherItems.data() + item, room.otherLines.data(), nullptr, t, p,
             room.ahead);
    flowByKey(scores, flows, room.logSums.data(), room.deltas.data(), t, p);
    Acc *keys = room.results.data() + p.item * t.depth;
    Acc *values = room.otherResults.data() + p.item * t.depth;
    addTokens(keys, flows, packedTokens(t, room.halo, room.lines), nullptr, t, p, room.ahead);
    addTokens(values, scores, packedTokens(t, room.otherHalo, room.otherLines), nullptr, t, p,
              room.ahead);
  });
}

}  // namespace
}  // namespace ckernels
