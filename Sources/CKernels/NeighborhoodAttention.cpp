// Neighbourhood attention: every query attends to the K x K keys around it, with any dilation.
//
// Forward keeps the logarithm of each query's sum of exponentials, from which backward computes the
// weights anew. Gradients of keys and values are gathered by key over the queries that see it, so
// that no two threads write to one place and sums always have the same order.

#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <tuple>

#include "NeighborhoodTiles.h"
#include "Parallel.h"

#pragma GCC diagnostic ignored "-Wpsabi"

namespace ckernels {
namespace {

template <typename Acc>
using Lanes __attribute__((vector_size(laneCount * sizeof(Acc)))) = Acc;

template <typename Acc>
CKERNELS_INLINE Lanes<Acc> loaded(const Acc *from) {
  Lanes<Acc> lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

template <typename Acc>
CKERNELS_INLINE void store(Acc *to, const Lanes<Acc> &lanes) {
  std::memcpy(to, &lanes, sizeof lanes);
}

template <typename Acc>
CKERNELS_INLINE Acc sum(const Lanes<Acc> &lanes) {
  Acc sums[laneCount];
  store(sums, lanes);
  for (int64_t half = laneCount / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; i++) sums[i] += sums[i + half];
  return sums[0];
}

template <typename Acc>
CKERNELS_INLINE Acc highest(const Lanes<Acc> &lanes) {
  Acc most[laneCount];
  store(most, lanes);
  for (int64_t half = laneCount / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; i++) most[i] = most[i] > most[i + half] ? most[i] : most[i + half];
  return most[0];
}

// What a thread keeps for one tile. Backward works on two quantities at once: queries and the
// gradients of results, or keys and values.
template <typename Acc>
struct Room {
  std::vector<Acc> items, otherItems;          // packed, one after the other
  std::vector<Acc> lines, otherLines;          // of the halo, to be multiplied with items
  std::vector<Acc> halo, otherHalo;            // of the halo, to be summed with weights
  std::vector<Acc> logSums, deltas;            // of the items, or lines of the halo
  std::vector<Acc> results, otherResults;      // of the items
  std::vector<Acc> weights, weightGradients;   // of one item
};

// The biases of one head, each row followed by room for a whole register.
template <typename Acc>
struct Biases {
  const Acc *table;
  int64_t stride;
};

inline Lanes<double> exponential(const Lanes<double> &x) {
  Lanes<double> powers;
  for (int64_t i = 0; i < laneCount; i++) powers[i] = std::exp(x[i]);
  return powers;
}

// e^x of numbers that are not far above 0, within two units of the last place; 0 below e^-87.
CKERNELS_INLINE Lanes<float> exponential(const Lanes<float> &x) {
  // x = n ln 2 + r with a whole n, which the sum's low bits hold.
  const Lanes<float> shifted = x * 1.44269504f + 0x1.8p23f;
  const Lanes<float> n = shifted - 0x1.8p23f;
  constexpr float high = 0x1.63p-1f, low = static_cast<float>(0.69314718055994531 - 0x1.63p-1);
  const Lanes<float> r = (x - n * high) - n * low;
  Lanes<float> sum = r * (1.f / 5040) + 1.f / 720;
  sum = sum * r + 1.f / 120;
  sum = sum * r + 1.f / 24;
  sum = sum * r + 1.f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1;
  sum = sum * r + 1;
  using Bits __attribute__((vector_size(laneCount * sizeof(int32_t)))) = int32_t;
  Bits bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits << 23) + 0x3F800000;
  Lanes<float> powers;
  std::memcpy(&powers, &bits, sizeof powers);
  powers *= sum;
  std::memcpy(&bits, &powers, sizeof bits);
  bits &= ~static_cast<Bits>(x < -87.f);
  std::memcpy(&powers, &bits, sizeof powers);
  return powers;
}

// out[r][lane] = the product of an item with the halo's token in row r and column `lane`.
template <int rows, typename Acc>
CKERNELS_INLINE void multiplyRows(Acc *out, int64_t stride, const Acc *item, const Acc *lines,
                                  const Tile &t) {
  Lanes<Acc> sums[rows] = {};
  for (int64_t d = 0; d < t.width; d++) {
    for (int r = 0; r < rows; r++)
      sums[r] += loaded(lines + (r * t.width + d) * t.lineLength) * item[d];
  }
  for (int r = 0; r < rows; r++) store(out + r * stride, sums[r]);
}

// The products of an item with all tokens of its window; columns behind the window hold any number.
template <typename Acc>
CKERNELS_INLINE void multiply(Acc *out, const Acc *item, const Acc *lines, const Tile &t,
                              const Window &w) {
  for (int64_t column = 0; column < w.stride; column += laneCount) {
    for (int64_t row = 0; row < w.rows; row += 7) {
      Acc *to = out + row * w.stride + column;
      const Acc *from =
          lines + (w.row + row) * t.width * t.lineLength + (w.column + column);
      switch (std::min<int64_t>(w.rows - row, 7)) {
        case 7: multiplyRows<7>(to, w.stride, item, from, t); break;
        case 6: multiplyRows<6>(to, w.stride, item, from, t); break;
        case 5: multiplyRows<5>(to, w.stride, item, from, t); break;
        case 4: multiplyRows<4>(to, w.stride, item, from, t); break;
        case 3: multiplyRows<3>(to, w.stride, item, from, t); break;
        case 2: multiplyRows<2>(to, w.stride, item, from, t); break;
        default: multiplyRows<1>(to, w.stride, item, from, t);
      }
    }
  }
}

// out[0 ..< registers * lanes] = the weighted sum of the window's tokens.
template <int registers, typename Acc>
CKERNELS_INLINE void addTokens(Acc *out, const Acc *weights, const Acc *halo, const Tile &t,
                               const Window &w) {
  // Two sums for each register: an addition need not wait for the one before it.
  Lanes<Acc> sums[2][registers] = {};
  for (int64_t row = 0; row < w.rows; row++) {
    const Acc *token = halo + ((w.row + row) * t.x.halo.count() + w.column) * t.depth;
    const Acc *weight = weights + row * w.stride;
    int64_t column = 0;
    for (; column + 1 < w.columns; column += 2, token += 2 * t.depth) {
      for (int r = 0; r < registers; r++) {
        sums[0][r] += loaded(token + r * laneCount) * weight[column];
        sums[1][r] += loaded(token + t.depth + r * laneCount) * weight[column + 1];
      }
    }
    if (column < w.columns) {
      for (int r = 0; r < registers; r++)
        sums[row % 2][r] += loaded(token + r * laneCount) * weight[column];
    }
  }
  for (int r = 0; r < registers; r++) store(out + r * laneCount, sums[0][r] + sums[1][r]);
}

template <typename Acc>
CKERNELS_INLINE void addTokens(Acc *out, const Acc *weights, const Acc *halo, const Tile &t,
                               const Window &w) {
  for (int64_t d = 0; d < t.depth; d += 4 * laneCount) {
    switch (std::min<int64_t>((t.depth - d) / laneCount, 4)) {
      case 4: addTokens<4>(out + d, weights, halo + d, t, w); break;
      case 3: addTokens<3>(out + d, weights, halo + d, t, w); break;
      case 2: addTokens<2>(out + d, weights, halo + d, t, w); break;
      default: addTokens<1>(out + d, weights, halo + d, t, w);
    }
  }
}

// Adds the biases to the scores of a window, and makes those behind it infinitely low. Returns the
// highest of each lane.
template <typename Acc>
CKERNELS_INLINE Lanes<Acc> addBiases(Acc *scores, const Biases<Acc> &biases, const Window &w) {
  constexpr Acc lowest = -std::numeric_limits<Acc>::infinity();
  const Lanes<Acc> low = Lanes<Acc>{} + lowest;
  Lanes<Acc> most = low, places;
  for (int64_t i = 0; i < laneCount; i++) places[i] = static_cast<Acc>(i);
  for (int64_t column = 0; column < w.stride; column += laneCount) {
    const auto behind = places >= static_cast<Acc>(w.columns - column);
    for (int64_t row = 0; row < w.rows; row++) {
      Acc *to = scores + row * w.stride + column;
      const Acc *bias = biases.table + (w.biasRow + row) * biases.stride + w.biasColumn + column;
      const Lanes<Acc> score = behind ? low : loaded(to) + loaded(bias);
      most = score > most ? score : most;
      store(to, score);
    }
  }
  return most;
}

// The sum of the exponentials of a window's scores, and the largest score.
template <typename Acc>
struct Total {
  Acc sum, highest;
};

// Makes products weights that are to be divided by their sum.
template <typename Acc>
CKERNELS_INLINE Total<Acc> exponentials(Acc *scores, const Biases<Acc> &biases, const Window &w) {
  const Acc most = highest<Acc>(addBiases(scores, biases, w));
  Lanes<Acc> total = {};
  for (int64_t place = 0; place < w.rows * w.stride; place += laneCount) {
    const Lanes<Acc> weight = exponential(loaded(scores + place) - most);
    store(scores + place, weight);
    total += weight;
  }
  return {sum<Acc>(total), most};
}

// MARK: Tiles

// Results and logarithms of sums, by query.
template <typename Acc>
CKERNELS_INLINE void attend(const Tile &t, const Biases<Acc> &biases, Room<Acc> &room) {
  int64_t item = 0;
  for (int64_t py = t.y.items.begin; py < t.y.items.end; py++) {
    for (int64_t px = t.x.items.begin; px < t.x.items.end; px++, item++) {
      const Window w = Window::of<Side::queries>(t, py, px);
      Acc *weights = room.weights.data(), *result = room.results.data() + item * t.depth;
      multiply(weights, room.items.data() + item * t.depth, room.lines.data(), t, w);
      const Total<Acc> total = exponentials(weights, biases, w);
      addTokens(result, weights, room.halo.data(), t, w);
      const Acc factor = 1 / total.sum;
      for (int64_t d = 0; d < t.depth; d++) result[d] *= factor;
      room.logSums[item] = total.highest + std::log(total.sum);
    }
  }
}

// Gradients of queries and of the biases, by query; and for each query the mean of what flows back
// into its weights.
template <typename Acc>
CKERNELS_INLINE void differentiateQueries(const Tile &t, const Biases<Acc> &biases, Acc *biasSums,
                                          Room<Acc> &room) {
  int64_t item = 0;
  for (int64_t py = t.y.items.begin; py < t.y.items.end; py++) {
    for (int64_t px = t.x.items.begin; px < t.x.items.end; px++, item++) {
      const Window w = Window::of<Side::queries>(t, py, px);
      Acc *weights = room.weights.data(), *flow = room.weightGradients.data();
      multiply(weights, room.items.data() + item * t.depth, room.lines.data(), t, w);
      multiply(flow, room.otherItems.data() + item * t.depth, room.otherLines.data(), t, w);
      addBiases(weights, biases, w);
      const Acc logSum = room.logSums[item];
      Lanes<Acc> products = {};
      for (int64_t place = 0; place < w.rows * w.stride; place += laneCount) {
        const Lanes<Acc> weight = exponential(loaded(weights + place) - logSum);
        store(weights + place, weight);
        products += weight * loaded(flow + place);
      }
      const Acc delta = sum<Acc>(products);
      room.deltas[item] = delta;
      for (int64_t row = 0; row < w.rows; row++) {
        Acc *sums = biasSums + (w.biasRow + row) * biases.stride + w.biasColumn;
        for (int64_t column = 0; column < w.stride; column += laneCount) {
          const int64_t place = row * w.stride + column;
          const Lanes<Acc> value = loaded(weights + place) * (loaded(flow + place) - delta);
          store(flow + place, value);
          store(sums + column, loaded(sums + column) + value);
        }
      }
      addTokens(room.results.data() + item * t.depth, flow, room.halo.data(), t, w);
    }
  }
}

// Gradients of keys and values, by key.
template <typename Acc>
CKERNELS_INLINE void differentiateKeys(const Tile &t, const Biases<Acc> &biases, Room<Acc> &room) {
  int64_t item = 0;
  for (int64_t py = t.y.items.begin; py < t.y.items.end; py++) {
    for (int64_t px = t.x.items.begin; px < t.x.items.end; px++, item++) {
      const Window w = Window::of<Side::keys>(t, py, px);
      Acc *weights = room.weights.data(), *flow = room.weightGradients.data();
      multiply(weights, room.items.data() + item * t.depth, room.lines.data(), t, w);
      multiply(flow, room.otherItems.data() + item * t.depth, room.otherLines.data(), t, w);
      addBiases(weights, biases, w);
      for (int64_t row = 0; row < w.rows; row++) {
        const int64_t place = (w.row + row) * t.lineLength + w.column;
        const Acc *logSums = room.logSums.data() + place, *deltas = room.deltas.data() + place;
        for (int64_t column = 0; column < w.stride; column += laneCount) {
          const int64_t at = row * w.stride + column;
          const Lanes<Acc> weight = exponential(loaded(weights + at) - loaded(logSums + column));
          store(weights + at, weight);
          store(flow + at, weight * (loaded(flow + at) - loaded(deltas + column)));
        }
      }
      addTokens(room.results.data() + item * t.depth, flow, room.halo.data(), t, w);
      addTokens(room.otherResults.data() + item * t.depth, weights, room.otherHalo.data(), t, w);
    }
  }
}

#define CKERNELS_TILE_FUNCTIONS(Acc, LEVELS)                                                     \
  LEVELS void attendTile(const Tile &t, const Biases<Acc> &b, Room<Acc> &r) { attend(t, b, r); } \
  LEVELS void queriesTile(const Tile &t, const Biases<Acc> &b, Acc *sums, Room<Acc> &r) {        \
    differentiateQueries(t, b, sums, r);                                                         \
  }                                                                                              \
  LEVELS void keysTile(const Tile &t, const Biases<Acc> &b, Room<Acc> &r) {                      \
    differentiateKeys(t, b, r);                                                                  \
  }
CKERNELS_TILE_FUNCTIONS(float, CKERNELS_FOR_EACH_LEVEL)
CKERNELS_TILE_FUNCTIONS(double, )
#undef CKERNELS_TILE_FUNCTIONS

// MARK: Maps

// What all tiles of a map have in common.
struct Map {
  int64_t samples, heads, width, kernel, dilation;
  Axis y, x;
  double scale;

  Map(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
      const std::optional<at::Tensor> &rpb, int64_t kernel, int64_t dilation, double scale)
      : samples(q.dim() == 5 ? q.size(0) : 0),
        heads(q.dim() == 5 ? q.size(3) : 0),
        width(q.dim() == 5 ? q.size(4) : 0),
        kernel(kernel),
        dilation(dilation),
        y(1, 1, 1),
        x(1, 1, 1),
        scale(scale) {
    const char *name = "neighborhood_attention: ";
    TORCH_CHECK(q.dim() == 5, name, "q has ", q.dim(), " axes, expected 5");
    TORCH_CHECK(k.sizes() == q.sizes() && v.sizes() == q.sizes(), name, "q, k and v of sizes ",
                q.sizes(), ", ", k.sizes(), " and ", v.sizes(), ", expected the same");
    TORCH_CHECK(k.scalar_type() == q.scalar_type() && v.scalar_type() == q.scalar_type(), name,
                "q, k and v of types ", q.scalar_type(), ", ", k.scalar_type(), " and ",
                v.scalar_type(), ", expected the same");
    TORCH_CHECK(kernel > 1 && kernel % 2 == 1, name, "kernel size ", kernel,
                ", expected an odd number from 3 on");
    TORCH_CHECK(dilation >= 1, name, "dilation ", dilation, ", expected at least 1");
    TORCH_CHECK(q.size(1) / dilation >= kernel && q.size(2) / dilation >= kernel, name,
                "a map of ", q.size(1), " x ", q.size(2), " tokens, expected at least ",
                kernel * dilation, " on each axis for kernel size ", kernel, " and dilation ",
                dilation);
    const int64_t side = 2 * kernel - 1;
    TORCH_CHECK(!rpb || (rpb->dim() == 3 && rpb->size(0) == heads && rpb->size(1) == side &&
                         rpb->size(2) == side),
                name, "biases of sizes ", rpb ? rpb->sizes() : at::IntArrayRef(), ", expected [",
                heads, ", ", side, ", ", side, "]");
    y = Axis(q.size(1), kernel, dilation);
    x = Axis(q.size(2), kernel, dilation);
  }

  int64_t tileCount() const {
    return samples * dilation * y.tiles * dilation * x.tiles * heads;
  }

  // Calls `body(tile, index)` for all tiles; those of the heads of one place follow one another,
  // since they lie side by side in memory.
  template <Side side, typename Body>
  void forEachTile(Body body) const {
    const int64_t queries = y.length * x.length * samples * heads / std::max<int64_t>(1, tileCount());
    forEachRow(tileCount(), queries * kernel * kernel * width, [&](int64_t index) {
      int64_t rest = index;
      const auto next = [&](int64_t count) {
        const int64_t digit = rest % count;
        rest /= count;
        return digit;
      };
      const int64_t head = next(heads), tileX = next(x.tiles), groupX = next(dilation);
      const int64_t tileY = next(y.tiles), groupY = next(dilation);
      body(Tile(rest, head, Strip::of<side>(y, groupY, tileY), Strip::of<side>(x, groupX, tileX),
                width),
           index);
    });
  }

  int64_t biasSide() const { return 2 * kernel - 1; }
  int64_t biasStride() const { return biasSide() + laneCount; }
};

// The biases of all heads with room behind each row; zeros if there are none.
template <typename Acc>
std::vector<Acc> paddedBiases(const std::optional<at::Tensor> &rpb, const Map &map, bool turned) {
  const int64_t side = map.biasSide(), stride = map.biasStride();
  std::vector<Acc> padded(map.heads * side * stride, 0);
  if (!rpb) return padded;
  const at::Tensor table = rpb->to(c10::CppTypeToScalarType<Acc>::value).contiguous();
  const Acc *from = table.template const_data_ptr<Acc>();
  for (int64_t row = 0; row < map.heads * side; row++) {
    const int64_t head = row / side, line = turned ? side - 1 - row % side : row % side;
    const Acc *source = from + (head * side + line) * side;
    for (int64_t c = 0; c < side; c++)
      padded[row * stride + c] = source[turned ? side - 1 - c : c];
  }
  return padded;
}

// A tensor whose heads' numbers lie side by side: itself if they do.
at::Tensor headsTogether(const at::Tensor &t) {
  return t.stride(-1) == 1 || t.size(-1) == 1 ? t : t.contiguous();
}

// The thread's room, large enough for a window of any item.
template <typename Acc>
Room<Acc> &roomFor(const Tile &t) {
  thread_local Room<Acc> room;
  const int64_t most = 2 * t.y.kernel - 1;
  room.weights.resize(most * roundedUp(most));
  room.weightGradients.resize(most * roundedUp(most));
  room.results.resize(t.items() * t.depth);
  room.otherResults.resize(t.items() * t.depth);
  return room;
}

// The result, and for each query the logarithm of the sum of its exponentials, [B, H, W, h].
std::tuple<at::Tensor, at::Tensor> forwardCPU(const at::Tensor &qIn, const at::Tensor &kIn,
                                              const at::Tensor &vIn,
                                              const std::optional<at::Tensor> &rpb, int64_t kernel,
                                              int64_t dilation, double scale) {
  const Map map(qIn, kIn, vIn, rpb, kernel, dilation, scale);
  const at::Tensor q = headsTogether(qIn), k = headsTogether(kIn), v = headsTogether(vIn);
  const at::Tensor out = at::empty(q.sizes(), q.options());
  const at::Tensor logSums =
      at::empty(q.sizes().slice(0, 4), q.options().dtype(at::toOpMathType(q.scalar_type())));
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, q.scalar_type(), "neighborhood", [&] {
    using Acc = at::opmath_type<scalar_t>;
    const std::vector<Acc> biases = paddedBiases<Acc>(rpb, map, false);
    const View<const scalar_t> queries(q.const_data_ptr<scalar_t>(), q);
    const View<const scalar_t> keys(k.const_data_ptr<scalar_t>(), k);
    const View<const scalar_t> values(v.const_data_ptr<scalar_t>(), v);
    const View<scalar_t> results(out.mutable_data_ptr<scalar_t>(), out);
    const View<Acc> sums(logSums.mutable_data_ptr<Acc>(), logSums);
    map.forEachTile<Side::queries>([&](const Tile &t, int64_t) {
      Room<Acc> &room = roomFor<Acc>(t);
      packItems(room.items, queries, t, static_cast<Acc>(scale));
      packLines(room.lines, keys, t, t.width);
      packHalo(room.halo, values, t);
      room.logSums.resize(t.items());
      const Biases<Acc> table = {
          biases.data() + t.head * map.biasSide() * map.biasStride(), map.biasStride()};
      attendTile(t, table, room);
      unpackItems(results, room.results, t, t.width, t.depth);
      unpackItems(sums, room.logSums, t, 1, 1);
    });
  });
  return {out, logSums};
}

// The sums of all tiles of each head, in the order of the tiles.
template <typename Acc>
at::Tensor summedBiases(const std::vector<Acc> &parts, const Map &map) {
  const int64_t side = map.biasSide(), stride = map.biasStride();
  const int64_t places = map.tileCount() / map.heads;
  at::Tensor sums =
      at::empty({map.heads, side, side}, c10::CppTypeToScalarType<Acc>::value);
  Acc *to = sums.template mutable_data_ptr<Acc>();
  forEachRow(map.heads * side * side, places, [&](int64_t index) {
    const int64_t head = index / (side * side), row = index / side % side;
    double sum = 0;
    for (int64_t place = 0; place < places; place++)
      sum += parts[((place * map.heads + head) * side + row) * stride + index % side];
    to[index] = static_cast<Acc>(sum);
  });
  return sums;
}

// The gradients of q, k, v and the biases; the last is empty if there are none.
std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> backwardCPU(
    const at::Tensor &gradientIn, const at::Tensor &qIn, const at::Tensor &kIn,
    const at::Tensor &vIn, const std::optional<at::Tensor> &rpb, const at::Tensor &logSums,
    int64_t kernel, int64_t dilation, double scale) {
  const Map map(qIn, kIn, vIn, rpb, kernel, dilation, scale);
  const at::Tensor q = headsTogether(qIn), k = headsTogether(kIn), v = headsTogether(vIn);
  const at::Tensor g = headsTogether(gradientIn);
  const at::Tensor dq = at::empty(q.sizes(), q.options()), dk = at::empty_like(dq),
                   dv = at::empty_like(dq), deltas = at::empty_like(logSums);
  at::Tensor drpb = at::empty({0});
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, q.scalar_type(), "neighborhood", [&] {
    using Acc = at::opmath_type<scalar_t>;
    const int64_t biasSize = map.biasSide() * map.biasStride();
    std::vector<Acc> biases = paddedBiases<Acc>(rpb, map, false);
    std::vector<Acc> biasSums(map.tileCount() * biasSize, 0);
    const View<const scalar_t> queries(q.const_data_ptr<scalar_t>(), q);
    const View<const scalar_t> keys(k.const_data_ptr<scalar_t>(), k);
    const View<const scalar_t> values(v.const_data_ptr<scalar_t>(), v);
    const View<const scalar_t> gradients(g.const_data_ptr<scalar_t>(), g);
    const View<const Acc> sums(logSums.const_data_ptr<Acc>(), logSums);
    const View<Acc> means(deltas.mutable_data_ptr<Acc>(), deltas);
    const View<scalar_t> dQueries(dq.mutable_data_ptr<scalar_t>(), dq);
    const View<scalar_t> dKeys(dk.mutable_data_ptr<scalar_t>(), dk);
    const View<scalar_t> dValues(dv.mutable_data_ptr<scalar_t>(), dv);
    const Acc factor = static_cast<Acc>(scale);
    const auto table = [&](const Tile &t) {
      return Biases<Acc>{biases.data() + t.head * map.biasSide() * map.biasStride(),
                         map.biasStride()};
    };
    map.forEachTile<Side::queries>([&](const Tile &t, int64_t index) {
      Room<Acc> &room = roomFor<Acc>(t);
      packItems(room.items, queries, t, factor);
      packItems(room.otherItems, gradients, t);
      packLines(room.lines, keys, t, t.width);
      packLines(room.otherLines, values, t, t.width);
      packHalo(room.halo, keys, t, factor);
      Tile one = t;
      one.width = one.depth = 1;
      packItems(room.logSums, sums, one);
      room.deltas.resize(t.items());
      queriesTile(t, table(t), biasSums.data() + index * biasSize, room);
      unpackItems(dQueries, room.results, t, t.width, t.depth);
      unpackItems(means, room.deltas, t, 1, 1);
    });
    if (rpb) drpb = summedBiases(biasSums, map).to(rpb->scalar_type());
    biases = paddedBiases<Acc>(rpb, map, true);
    map.forEachTile<Side::keys>([&](const Tile &t, int64_t) {
      Room<Acc> &room = roomFor<Acc>(t);
      packItems(room.items, keys, t);
      packItems(room.otherItems, values, t);
      packLines(room.lines, queries, t, t.width, factor);
      packLines(room.otherLines, gradients, t, t.width);
      packHalo(room.halo, queries, t, factor);
      packHalo(room.otherHalo, gradients, t);
      packLines(room.logSums, sums, t, 1);
      packLines(room.deltas, View<const Acc>(means.data, deltas), t, 1);
      keysTile(t, table(t), room);
      unpackItems(dKeys, room.results, t, t.width, t.depth);
      unpackItems(dValues, room.otherResults, t, t.width, t.depth);
    });
  });
  return {dq, dk, dv, drpb};
}

at::Tensor attentionCPU(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                        const std::optional<at::Tensor> &rpb, int64_t kernel, int64_t dilation,
                        double scale) {
  return std::get<0>(forwardCPU(q, k, v, rpb, kernel, dilation, scale));
}

std::tuple<at::Tensor, at::Tensor> forward(const at::Tensor &q, const at::Tensor &k,
                                           const at::Tensor &v,
                                           const std::optional<at::Tensor> &rpb, int64_t kernel,
                                           int64_t dilation, double scale) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::neighborhood_attention_forward", "")
                             .typed<decltype(forward)>();
  return op.call(q, k, v, rpb, kernel, dilation, scale);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> backward(
    const at::Tensor &gradient, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
    const std::optional<at::Tensor> &rpb, const at::Tensor &logSums, int64_t kernel,
    int64_t dilation, double scale) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::neighborhood_attention_backward", "")
                             .typed<decltype(backward)>();
  return op.call(gradient, q, k, v, rpb, logSums, kernel, dilation, scale);
}

// First derivatives only: asking for more is an error rather than a gradient that lacks a part.
struct GradientFunction : torch::autograd::Function<GradientFunction> {
  static torch::autograd::variable_list forward(
      torch::autograd::AutogradContext *, const at::Tensor &gradient, const at::Tensor &q,
      const at::Tensor &k, const at::Tensor &v, const std::optional<at::Tensor> &rpb,
      const at::Tensor &logSums, int64_t kernel, int64_t dilation, double scale) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [dq, dk, dv, drpb] =
        ckernels::backward(gradient, q, k, v, rpb, logSums, kernel, dilation, scale);
    return {dq, dk, dv, drpb};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                 torch::autograd::variable_list) {
    TORCH_CHECK(false, "neighborhood_attention has first derivatives only, its reference has all");
  }
};

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &q,
                            const at::Tensor &k, const at::Tensor &v,
                            const std::optional<at::Tensor> &rpb, int64_t kernel, int64_t dilation,
                            double scale) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto [out, logSums] = ckernels::forward(q, k, v, rpb, kernel, dilation, scale);
    context->save_for_backward({q, k, v, logSums, rpb.value_or(at::Tensor())});
    context->saved_data["kernel"] = kernel;
    context->saved_data["dilation"] = dilation;
    context->saved_data["scale"] = scale;
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    auto &saved = context->saved_data;
    const auto tensors = context->get_saved_variables();
    const std::optional<at::Tensor> rpb =
        tensors[4].defined() ? std::optional(tensors[4]) : std::nullopt;
    const auto d = GradientFunction::apply(
        gradients[0], tensors[0], tensors[1], tensors[2], rpb, tensors[3],
        saved["kernel"].toInt(), saved["dilation"].toInt(), saved["scale"].toDouble());
    return {d[0], d[1], d[2], rpb ? d[3] : at::Tensor(), {}, {}, {}};
  }
};

at::Tensor attentionAutograd(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                             const std::optional<at::Tensor> &rpb, int64_t kernel,
                             int64_t dilation, double scale) {
  // Tensors without numbers have a result of the same kind.
  if (q.is_meta()) return at::empty(q.sizes(), q.options());
  return AttentionFunction::apply(q, k, v, rpb, kernel, dilation, scale);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def(
      "neighborhood_attention(Tensor q, Tensor k, Tensor v, Tensor? rpb, int kernel_size, int "
      "dilation, float scale) -> Tensor");
  library.def(
      "neighborhood_attention_forward(Tensor q, Tensor k, Tensor v, Tensor? rpb, int kernel_size, "
      "int dilation, float scale) -> (Tensor, Tensor)");
  library.def(
      "neighborhood_attention_backward(Tensor gradient, Tensor q, Tensor k, Tensor v, Tensor? rpb, "
      "Tensor log_sums, int kernel_size, int dilation, float scale) -> (Tensor, Tensor, Tensor, "
      "Tensor)");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) {
  library.impl("neighborhood_attention", attentionCPU);
  library.impl("neighborhood_attention_forward", forwardCPU);
  library.impl("neighborhood_attention_backward", backwardCPU);
}
TORCH_LIBRARY_IMPL(stylist, Autograd, library) {
  library.impl("neighborhood_attention", attentionAutograd);
}

}  // namespace ckernels
