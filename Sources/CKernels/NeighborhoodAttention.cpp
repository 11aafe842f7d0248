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

#include <optional>
#include <tuple>
#include <vector>

#include "NeighborhoodPasses.h"
#include "Parallel.h"

namespace ckernels {
namespace {

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
        y(1, 1, 1, 1),
        x(1, 1, 1, 1),
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
    // A tile's keys and values stay in the second cache; long ones share more of them.
    y = Axis(q.size(1), kernel, dilation, 16);
    x = Axis(q.size(2), kernel, dilation, laneCount);
  }

  int64_t tileCount() const {
    return samples * dilation * y.tiles * dilation * x.tiles * heads;
  }

  // Tiles of the heads of one place follow one another, since they lie side by side in memory.
  Tile tile(Side side, int64_t index) const {
    int64_t rest = index;
    const auto next = [&](int64_t count) {
      const int64_t digit = rest % count;
      rest /= count;
      return digit;
    };
    const int64_t head = next(heads), tileX = next(x.tiles), groupX = next(dilation);
    const int64_t tileY = next(y.tiles), groupY = next(dilation);
    return Tile(rest, head, Strip::of(y, side, groupY, tileY), Strip::of(x, side, groupX, tileX),
                width);
  }

  // Calls `body(tile, next, index)` for all tiles; `next` is one that is likely to follow soon.
  template <typename Body>
  void forEachTile(Side side, Body body) const {
    const int64_t tiles = tileCount();
    const int64_t queries = y.length * x.length * samples * heads / std::max<int64_t>(1, tiles);
    forEachRow(tiles, queries * kernel * kernel * width, [&](int64_t index) {
      const int64_t next = index + Ahead::tiles(heads, dilation);
      body(tile(side, index), tile(side, std::min(next, tiles - 1)), index);
    });
  }

  int64_t biasSide() const { return 2 * kernel - 1; }
};

// The biases of all heads; zeros if there are none.
template <typename Acc>
class BiasTables {
 public:
  // If `turned`, the tables are turned around, as keys see them.
  BiasTables(const std::optional<at::Tensor> &rpb, const Map &map, bool turned)
      : side(map.biasSide()),
        stride(side + 2 * Biases<Acc>::margin),
        padded(map.heads * side * stride, 0) {
    if (!rpb) return;
    const at::Tensor table = rpb->to(c10::CppTypeToScalarType<Acc>::value).contiguous();
    const Acc *from = table.template const_data_ptr<Acc>();
    for (int64_t row = 0; row < map.heads * side; row++) {
      const int64_t head = row / side, line = turned ? side - 1 - row % side : row % side;
      for (int64_t c = 0; c < side; c++)
        padded[row * stride + Biases<Acc>::margin + c] =
            from[(head * side + line) * side + (turned ? c : side - 1 - c)];
    }
  }

  Biases<Acc> of(const Tile &t) const {
    return {padded.data() + t.head * side * stride + Biases<Acc>::margin, stride};
  }

 private:
  int64_t side, stride;
  std::vector<Acc> padded;
};

// A tensor whose heads' numbers lie side by side: itself if they do.
at::Tensor headsTogether(const at::Tensor &t) {
  return t.stride(-1) == 1 || t.size(-1) == 1 ? t : t.contiguous();
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
    const BiasTables<Acc> biases(rpb, map, false);
    const View<const scalar_t> queries(q.const_data_ptr<scalar_t>(), q);
    const View<const scalar_t> keys(k.const_data_ptr<scalar_t>(), k);
    const View<const scalar_t> values(v.const_data_ptr<scalar_t>(), v);
    const View<scalar_t> results(out.mutable_data_ptr<scalar_t>(), out);
    const View<Acc> sums(logSums.mutable_data_ptr<Acc>(), logSums);
    map.forEachTile(Side::queries, [&](const Tile &t, const Tile &next, int64_t) {
      Room<Acc> &room = roomFor<Acc>(t);
      room.ahead.clear();
      room.ahead.add(keys, next, map.heads, next.y.halo, next.x.halo);
      room.ahead.add(values, next, map.heads, next.y.halo, next.x.halo);
      room.ahead.add(queries, next, map.heads, next.y.items, next.x.items);
      packItems(room.items, queries, t, static_cast<Acc>(scale));
      packLines(room.lines, keys, t, Acc(1));
      packHalo(room.halo, values, t, Acc(1));
      attend(t, biases.of(t), room);
      unpackItems(results, room.results, t, Acc(1));
      unpackNumbers(sums, room.logSums, t);
    });
  });
  return {out, logSums};
}

// The sums of all tiles of each head, in the order of the tiles.
template <typename Acc>
at::Tensor summedBiases(const std::vector<Acc> &parts, const Map &map) {
  const int64_t side = map.biasSide(), places = map.heads ? map.tileCount() / map.heads : 0;
  at::Tensor sums = at::empty({map.heads, side, side}, c10::CppTypeToScalarType<Acc>::value);
  Acc *to = sums.template mutable_data_ptr<Acc>();
  forEachRow(map.heads * side, places * side, [&](int64_t row) {
    std::vector<double> rowSums(side, 0);
    for (int64_t place = 0; place < places; place++) {
      const Acc *part = parts.data() + (place * map.heads * side + row) * side;
      for (int64_t c = 0; c < side; c++) rowSums[c] += part[c];
    }
    for (int64_t c = 0; c < side; c++) to[row * side + c] = static_cast<Acc>(rowSums[c]);
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
    const int64_t biasSize = map.biasSide() * map.biasSide();
    std::vector<Acc> biasSums(map.tileCount() * biasSize, 0);
    const View<const scalar_t> queries(q.const_data_ptr<scalar_t>(), q);
    const View<const scalar_t> keys(k.const_data_ptr<scalar_t>(), k);
    const View<const scalar_t> values(v.const_data_ptr<scalar_t>(), v);
    const View<const scalar_t> gradients(g.const_data_ptr<scalar_t>(), g);
    const View<const Acc> sums(logSums.const_data_ptr<Acc>(), logSums);
    const View<Acc> means(deltas.mutable_data_ptr<Acc>(), deltas);
    const View<const Acc> knownMeans(deltas.const_data_ptr<Acc>(), deltas);
    const View<scalar_t> dQueries(dq.mutable_data_ptr<scalar_t>(), dq);
    const View<scalar_t> dKeys(dk.mutable_data_ptr<scalar_t>(), dk);
    const View<scalar_t> dValues(dv.mutable_data_ptr<scalar_t>(), dv);
    const Acc factor = static_cast<Acc>(scale);
    const BiasTables<Acc> biases(rpb, map, false), turnedBiases(rpb, map, true);
    map.forEachTile(Side::queries, [&](const Tile &t, const Tile &next, int64_t index) {
      Room<Acc> &room = roomFor<Acc>(t);
      room.ahead.clear();
      room.ahead.add(keys, next, map.heads, next.y.halo, next.x.halo);
      room.ahead.add(values, next, map.heads, next.y.halo, next.x.halo);
      room.ahead.add(queries, next, map.heads, next.y.items, next.x.items);
      room.ahead.add(gradients, next, map.heads, next.y.items, next.x.items);
      packItems(room.items, queries, t, factor);
      packItems(room.otherItems, gradients, t, Acc(1));
      packLines(room.lines, keys, t, Acc(1));
      packLines(room.otherLines, values, t, Acc(1));
      packHaloBeside(room.halo, keys, t, Acc(1));
      packNumbers(room.logSums, sums, t.y.items, t.x.items, laneCount, t);
      differentiateQueries(t, biases.of(t), biasSums.data() + index * biasSize, room);
      unpackItems(dQueries, room.results, t, factor);
      unpackNumbers(means, room.deltas, t);
    });
    if (rpb) drpb = summedBiases(biasSums, map).to(rpb->scalar_type());
    map.forEachTile(Side::keys, [&](const Tile &t, const Tile &next, int64_t) {
      Room<Acc> &room = roomFor<Acc>(t);
      room.ahead.clear();
      room.ahead.add(queries, next, map.heads, next.y.halo, next.x.halo);
      room.ahead.add(gradients, next, map.heads, next.y.halo, next.x.halo);
      room.ahead.add(keys, next, map.heads, next.y.items, next.x.items);
      room.ahead.add(values, next, map.heads, next.y.items, next.x.items);
      packItems(room.items, keys, t, Acc(1));
      packItems(room.otherItems, values, t, Acc(1));
      packLines(room.lines, queries, t, factor);
      packLines(room.otherLines, gradients, t, Acc(1));
      packHaloBeside(room.halo, queries, t, factor);
      packHaloBeside(room.otherHalo, gradients, t, Acc(1));
      packNumbers(room.logSums, sums, t.y.halo, t.x.halo, t.lineLength, t);
      packNumbers(room.deltas, knownMeans, t.y.halo, t.x.halo, t.lineLength, t);
      differentiateKeys(t, turnedBiases.of(t), room);
      unpackItems(dKeys, room.results, t, Acc(1));
      unpackItems(dValues, room.otherResults, t, Acc(1));
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
