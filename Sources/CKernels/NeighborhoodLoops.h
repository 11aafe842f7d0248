// The inner loops of neighbourhood attention, each compiled for every level of processor features.
//
// The items of a row of a tile lie side by side in the lanes of a register, so that a score, its
// exponential and their sum are whole registers. Scores of a row of items have the layout
// [row of the halo within the window, slot, lane].

#pragma once

#include <limits>
#include <type_traits>
#include <vector>

#include "NeighborhoodTiles.h"
#include "TokenPacking.h"

namespace ckernels {
namespace {

// Calls `body` with `value`, which is in 1 ... `most`, as a constant.
template <int most, typename Body>
CKERNELS_INLINE void withConstant(int64_t value, Body body) {
  if constexpr (most > 1) {
    if (value != most) return withConstant<most - 1>(value, body);
  }
  body(std::integral_constant<int, most>());
}

// MARK: Memory

// Tokens that a later tile reads, brought near while a tile is computed: they lie too far apart for
// the processor to foresee them. It forgets what it is asked for when that is too much at once.
class Ahead {
 public:
  void clear() { tokens.clear(), asked = 0; }

  // How many tiles ahead: the next one, or, of a dilated map, that of the same head at the next
  // place. There, memory is quicker with the tokens of two heads, which lie side by side: each of
  // both heads asks for every second row of both.
  static int64_t tiles(int64_t heads, int64_t dilation) { return dilation > 1 ? heads : 1; }

  // The tokens of some members of a tile.
  template <typename Scalar>
  void add(const View<const Scalar> &from, const Tile &t, int64_t heads, Span y, Span x) {
    const bool inPairs = t.x.dilation > 1 && (t.head % 2 == 1 || t.head + 1 < heads);
    const int64_t together = inPairs ? 2 : 1, other = t.head % together;
    bytes = t.width * int64_t(sizeof(Scalar));
    const int64_t rows = (y.count() - other + together - 1) / together, before = tokens.size();
    tokens.resize(before + rows * x.count() * together);
    const char **to = tokens.data() + before;
    for (int64_t py = y.begin + other; py < y.end; py += together) {
      const Scalar *token = from.at(t, py, x.begin) - other * from.head;
      for (int64_t i = 0; i < x.count(); i++, token += from.step(t))
        for (int64_t head = 0; head < together; head++)
          *to++ = reinterpret_cast<const char *>(token + head * from.head);
    }
  }

  // Shares the tokens among products with the halo, and sums over it, of the rows of a tile.
  void plan(const Tile &t, int64_t products, int64_t sums) {
    const int64_t pairs = (t.y.items.count() + 1) / 2;
    const int64_t places = pairs * (products * t.y.kernel + sums * t.x.items.count());
    share = (int64_t(tokens.size()) + places - 1) / places;
  }

  // Asks for a share.
  CKERNELS_INLINE void ask() {
    const int64_t end = std::min<int64_t>(asked + share, tokens.size());
    for (; asked < end; asked++)
      for (int64_t byte = 0; byte < bytes; byte += 64)
        __builtin_prefetch(tokens[asked] + byte, 0, 3);
  }

 private:
  std::vector<const char *> tokens;
  int64_t bytes = 0, asked = 0, share = 0;
};

// MARK: Biases

// The bias of each slot and lane, [bias row, slot, lane], from a table of which each row is turned
// around and has room before and behind it; infinitely low outside of a lane's window.
template <typename Acc>
CKERNELS_INLINE void spreadBiases(Acc *to, const Acc *table, int64_t stride, Span rows,
                                  const Tile &t) {
  const int64_t first = 2 * t.x.kernel - 2 - t.x.bias(t.x.items.begin, t.x.halo.begin);
  for (int64_t slot = 0; slot < t.slots.count; slot++) {
    Lanes<Acc> outside = {};
    for (int64_t i = 0; i < t.x.items.count() && !t.slots.shifted; i++)
      if (slot < t.slots.columns[i].begin || slot >= t.slots.columns[i].end)
        outside[i] = -std::numeric_limits<Acc>::infinity();
    for (int64_t row = rows.begin; row < rows.end; row++) {
      const Acc *from = table + row * stride + first - slot;
      const Lanes<Acc> bias = t.slots.shifted ? everywhere(*from) : loaded(from);
      store(to + row * t.rowScores() + slot * laneCount, bias + outside);
    }
  }
}

// Adds what `spreadBiases` would have read to the places it would have read it from.
template <typename Acc>
CKERNELS_INLINE void gatherBiases(Acc *table, int64_t stride, const Acc *from, Span rows,
                                  const Tile &t) {
  const int64_t first = 2 * t.x.kernel - 2 - t.x.bias(t.x.items.begin, t.x.halo.begin);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    for (int64_t slot = 0; slot < t.slots.count; slot++) {
      Acc *to = table + row * stride + first - slot;
      const Acc *values = from + row * t.rowScores() + slot * laneCount;
      for (int64_t i = 0; i < t.x.items.count(); i++) to[t.slots.shifted ? 0 : i] += values[i];
    }
  }
}

// MARK: Products

// The products of one or two rows of items with `slots` slots of a row of the halo: of lines if
// `shifted`, of tokens if not.
template <int rows, int slots, bool shifted, typename Acc>
CKERNELS_INLINE void multiplySlots(Acc *const *out, const Acc *const *items, const Acc *line,
                                   const Acc *const *biases, const Tile &t) {
  Lanes<Acc> sums[rows][slots] = {};
  const int64_t step = shifted ? t.lineLength : 1, depth = t.depth;
  for (int64_t d = 0; d < t.width; d++, line += step) {
    Lanes<Acc> item[rows];
    for (int r = 0; r < rows; r++) item[r] = loaded(items[r] + d * laneCount);
    for (int s = 0; s < slots; s++) {
      const Lanes<Acc> other = shifted ? loaded(line + s) : everywhere(line[s * depth]);
      for (int r = 0; r < rows; r++) sums[r][s] += item[r] * other;
    }
  }
  for (int r = 0; r < rows; r++) {
    if (biases[r])
      for (int s = 0; s < slots; s++)
        store(out[r] + s * laneCount, sums[r][s] + loaded(biases[r] + s * laneCount));
    else
      for (int s = 0; s < slots; s++) store(out[r] + s * laneCount, sums[r][s]);
  }
}

// The products of one or two rows of items with all slots of a row of the halo.
template <int rows, typename Acc>
CKERNELS_INLINE void multiplyRow(Acc *const *out, const Acc *const *items, const Acc *line,
                                 const Acc *const *biases, const Tile &t) {
  const int64_t parts = (t.slots.count + 7) / 8;
  for (int64_t part = 0; part < parts; part++) {
    const int64_t slot = t.slots.count * part / parts;
    Acc *to[rows];
    const Acc *bias[rows] = {};
    for (int r = 0; r < rows; r++) {
      to[r] = out[r] + slot * laneCount;
      if (biases[r]) bias[r] = biases[r] + slot * laneCount;
    }
    const int64_t count = t.slots.count * (part + 1) / parts - slot;
    withConstant<8>(count, [&](auto slots) __attribute__((always_inline)) {
      if (t.slots.shifted)
        multiplySlots<rows, slots.value, true>(to, items, line + slot, bias, t);
      else
        multiplySlots<rows, slots.value, false>(to, items, line + slot * t.depth, bias, t);
    });
  }
}

// The products of items with all tokens of their windows, plus biases, if there are any.
template <typename Acc>
CKERNELS_INLINE void multiplied(Acc *out, const Acc *items, const Acc *lines, const Acc *biases,
                                const Tile &t, const RowPair &p, Ahead &ahead) {
  const Acc *rowItems[2] = {items, items + t.depth * laneCount};
  const int64_t columns = t.slots.shifted ? t.lineLength : t.x.halo.count();
  Acc *to[2];
  const Acc *bias[2] = {};
  for (int64_t row = p.rows[0].begin; row < std::max(p.rows[0].end, p.rows[1].end); row++) {
    for (int64_t i = 0; i < 2; i++) {
      const int64_t place = row - p.rows[i].begin;
      to[i] = out + i * t.scores() + place * t.rowScores();
      if (biases) bias[i] = biases + (p.biasRow[i] + place) * t.rowScores();
    }
    const Acc *line = lines + row * t.depth * columns;
    ahead.ask();
    if (row < p.rows[1].begin)
      multiplyRow<1>(to, rowItems, line, bias, t);
    else if (row < p.rows[0].end)
      multiplyRow<2>(to, rowItems, line, bias, t);
    else
      multiplyRow<1>(to + 1, rowItems + 1, line, bias + 1, t);
  }
}

// MARK: Sums

// Adds `columns` weighted tokens of a row of the halo to the sums of two items.
template <int registers, typename Acc>
CKERNELS_INLINE void addSame(Lanes<Acc> (&sums)[2][registers], const Acc *weights0,
                             const Acc *weights1, const Acc *token, int64_t columns,
                             int64_t depth) {
  for (int64_t c = 0; c < columns; c++) {
    for (int r = 0; r < registers; r++) {
      const Lanes<Acc> numbers = loaded(token + c * depth + r * laneCount);
      sums[0][r] += numbers * weights0[c * laneCount];
      sums[1][r] += numbers * weights1[c * laneCount];
    }
  }
}

// Adds `columns` weighted tokens of a row of the halo to the sums of one item, and as many of
// another row to those of another item.
template <int registers, typename Acc>
CKERNELS_INLINE void addOther(Lanes<Acc> (&sums)[2][registers], const Acc *weights0,
                              const Acc *weights1, const Acc *token0, const Acc *token1,
                              int64_t columns, int64_t depth) {
  for (int64_t c = 0; c < columns; c++) {
    for (int r = 0; r < registers; r++) {
      sums[0][r] += loaded(token0 + c * depth + r * laneCount) * weights0[c * laneCount];
      sums[1][r] += loaded(token1 + c * depth + r * laneCount) * weights1[c * laneCount];
    }
  }
}

// Adds `columns` weighted tokens of a row of the halo to the sums of one item.
template <int registers, typename Acc>
CKERNELS_INLINE void addOne(Lanes<Acc> (&sums)[registers], const Acc *weights, const Acc *token,
                            int64_t columns, int64_t depth) {
  for (int64_t c = 0; c < columns; c++)
    for (int r = 0; r < registers; r++)
      sums[r] += loaded(token + c * depth + r * laneCount) * weights[c * laneCount];
}

// Adds the weighted tokens in the windows of two items, of which the second is below the first.
// `fixed` is the number of columns, if it is known, or 0.
template <int registers, int fixed, typename Acc>
CKERNELS_INLINE void addWindows(Lanes<Acc> (&sums)[2][registers], const Acc *weights,
                                const Acc *halo, int64_t count, const Tile &t, const RowPair &p) {
  const int64_t columns = fixed > 0 ? fixed : count, depth = t.depth;
  const int64_t step = t.rowScores(), tokens = t.x.halo.count() * depth;
  const Acc *const weights0 = weights - p.rows[0].begin * step;
  const Acc *const weights1 = weights + t.scores() - p.rows[1].begin * step;
  const Span first = p.onlyFirst(), second = p.onlySecond();
  for (int64_t row = p.both().begin; row < p.both().end; row++)
    addSame(sums, weights0 + row * step, weights1 + row * step, halo + row * tokens, columns,
            depth);
  const int64_t common = std::min(first.count(), second.count());
  for (int64_t i = 0; i < common; i++) {
    const int64_t a = first.begin + i, b = second.begin + i;
    addOther(sums, weights0 + a * step, weights1 + b * step, halo + a * tokens, halo + b * tokens,
             columns, depth);
  }
  for (int64_t row = first.begin + common; row < first.end; row++)
    addOne(sums[0], weights0 + row * step, halo + row * tokens, columns, depth);
  for (int64_t row = second.begin + common; row < second.end; row++)
    addOne(sums[1], weights1 + row * step, halo + row * tokens, columns, depth);
}

// The weighted sums of the tokens in the windows of items, times the factors of the items, if there
// are any.
template <typename Acc>
CKERNELS_INLINE void summed(Acc *out, const Acc *weights, const Acc *halo, const Acc *factors,
                            const Tile &t, const RowPair &p, Ahead &ahead) {
  for (int64_t i = 0; i < t.x.items.count(); i++) {
    ahead.ask();
    const Span columns = t.slots.columns[i];
    const Acc *weight = weights + t.slots.first(i) * laneCount + i;
    const Acc *token = halo + columns.begin * t.depth;
    for (int64_t d = 0; d < t.depth; d += 4 * laneCount) {
      const int64_t count = std::min<int64_t>((t.depth - d) / laneCount, 4);
      withConstant<4>(count, [&](auto registers) __attribute__((always_inline)) {
        Lanes<Acc> sums[2][registers.value] = {};
        if (columns.count() == 7)
          addWindows<registers.value, 7>(sums, weight, token + d, 7, t, p);
        else
          addWindows<registers.value, 0>(sums, weight, token + d, columns.count(), t, p);
        for (int64_t item = 0; item < p.count; item++) {
          Acc *to = out + (item * t.x.items.count() + i) * t.depth + d;
          const Acc factor = factors ? factors[item * laneCount + i] : 1;
          for (int r = 0; r < registers.value; r++)
            store(to + r * laneCount, sums[item][r] * factor);
        }
      });
    }
  }
}

// MARK: Weights

// Makes scores weights that are to be multiplied with `factors`. [item row, lane] is the layout of
// factors and of the logarithms of the sums of exponentials.
template <typename Acc>
CKERNELS_INLINE void weighted(Acc *scores, Acc *logSums, Acc *factors, const Tile &t,
                              const RowPair &p) {
  for (int64_t item = 0; item < p.count; item++, scores += t.scores()) {
    const int64_t count = p.rows[item].count() * t.rowScores();
    Lanes<Acc> most = loaded(scores), total = {};
    for (int64_t place = laneCount; place < count; place += laneCount) {
      const Lanes<Acc> score = loaded(scores + place);
      most = score > most ? score : most;
    }
    for (int64_t place = 0; place < count; place += laneCount) {
      const Lanes<Acc> weight = exponential(loaded(scores + place) - most);
      store(scores + place, weight);
      total += weight;
    }
    store(factors + item * laneCount, 1 / total);
    store(logSums + item * laneCount, most + logarithm(total));
  }
}

// Of queries: makes what flows back into weights what flows back into scores, and adds it to the
// sums of biases; `deltas` becomes the mean of what flows back into an item's weights.
template <typename Acc>
CKERNELS_INLINE void flowedByQuery(Acc *scores, Acc *flows, const Acc *logSums, Acc *deltas,
                                   Acc *biasSums, const Tile &t, const RowPair &p) {
  for (int64_t item = 0; item < p.count; item++, scores += t.scores(), flows += t.scores()) {
    const int64_t count = p.rows[item].count() * t.rowScores();
    const Lanes<Acc> logSum = loaded(logSums + item * laneCount);
    Lanes<Acc> delta = {};
    for (int64_t place = 0; place < count; place += laneCount) {
      const Lanes<Acc> weight = exponential(loaded(scores + place) - logSum);
      store(scores + place, weight);
      delta += weight * loaded(flows + place);
    }
    store(deltas + item * laneCount, delta);
    Acc *sums = biasSums + p.biasRow[item] * t.rowScores();
    for (int64_t place = 0; place < count; place += laneCount) {
      const Lanes<Acc> flow = loaded(scores + place) * (loaded(flows + place) - delta);
      store(flows + place, flow);
      store(sums + place, loaded(sums + place) + flow);
    }
  }
}

// Of keys: makes scores weights, and what flows back into weights what flows back into scores. The
// logarithms of sums, and the deltas, are lines of the halo.
template <typename Acc>
CKERNELS_INLINE void flowedByKey(Acc *scores, Acc *flows, const Acc *logSums, const Acc *deltas,
                                 const Tile &t, const RowPair &p) {
  for (int64_t item = 0; item < p.count; item++) {
    Acc *score = scores + item * t.scores(), *flow = flows + item * t.scores();
    for (int64_t row = p.rows[item].begin; row < p.rows[item].end; row++) {
      const Acc *logSum = logSums + row * t.lineLength, *delta = deltas + row * t.lineLength;
      for (int64_t s = 0; s < t.slots.count; s++, score += laneCount, flow += laneCount) {
        const bool shifted = t.slots.shifted;
        const Lanes<Acc> total = shifted ? loaded(logSum + s) : everywhere(logSum[s]);
        const Lanes<Acc> mean = shifted ? loaded(delta + s) : everywhere(delta[s]);
        const Lanes<Acc> weight = exponential(loaded(score) - total);
        store(score, weight);
        store(flow, weight * (loaded(flow) - mean));
      }
    }
  }
}

// MARK: Levels

#define CKERNELS_LOOPS(Acc, LEVELS)                                                               \
  LEVELS void spread(Acc *to, const Acc *table, int64_t stride, Span rows, const Tile &t) {       \
    spreadBiases(to, table, stride, rows, t);                                                     \
  }                                                                                               \
  LEVELS void gather(Acc *table, int64_t stride, const Acc *from, Span rows, const Tile &t) {     \
    gatherBiases(table, stride, from, rows, t);                                                   \
  }                                                                                               \
  LEVELS void multiply(Acc *out, const Acc *items, const Acc *lines, const Acc *biases,           \
                       const Tile &t, const RowPair &p, Ahead &ahead) {                           \
    multiplied(out, items, lines, biases, t, p, ahead);                                           \
  }                                                                                               \
  LEVELS void addTokens(Acc *out, const Acc *weights, const Acc *halo, const Acc *factors,        \
                        const Tile &t, const RowPair &p, Ahead &ahead) {                          \
    summed(out, weights, halo, factors, t, p, ahead);                                             \
  }                                                                                               \
  LEVELS void weigh(Acc *scores, Acc *logSums, Acc *factors, const Tile &t, const RowPair &p) {   \
    weighted(scores, logSums, factors, t, p);                                                     \
  }                                                                                               \
  LEVELS void flowByQuery(Acc *scores, Acc *flows, const Acc *logSums, Acc *deltas,               \
                          Acc *biasSums, const Tile &t, const RowPair &p) {                       \
    flowedByQuery(scores, flows, logSums, deltas, biasSums, t, p);                                \
  }                                                                                               \
  LEVELS void flowByKey(Acc *scores, Acc *flows, const Acc *logSums, const Acc *deltas,           \
                        const Tile &t, const RowPair &p) {                                        \
    flowedByKey(scores, flows, logSums, deltas, t, p);                                            \
  }
CKERNELS_LOOPS(float, CKERNELS_FOR_EACH_LEVEL)
CKERNELS_LOOPS(double, )
#undef CKERNELS_LOOPS

}  // namespace
}  // namespace ckernels
