// upfirdn2d: insert zeros, pad or crop, filter, keep every n-th sample; without making the enlarged
// image.

#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "ChannelFilter.h"
#include "Features.h"
#include "Parallel.h"
#include "ResamplingAxis.h"

namespace ckernels {
namespace {

// As errors name it.
constexpr const char *operatorName = "upfirdn2d";

// One tap of a row: it adds tap * line[offset + k * step] to the outputs k from begin to before
// end.
template <typename Scalar, typename Acc>
struct Term {
  const Scalar *line;
  Acc tap;
  int64_t offset, begin, end;
};

// out[k] = (or += unless `first`) the sum of `count` terms, for outputs that all of them reach.
template <int count, bool adjacent, typename Scalar, typename Acc>
CKERNELS_INLINE void addSome(Acc *__restrict out, const Term<Scalar, Acc> *terms, int64_t begin,
                             int64_t end, int64_t step, bool first) {
  const Scalar *x[count];
  Acc taps[count];
  for (int t = 0; t < count; t++) {
    x[t] = terms[t].line + (terms[t].offset + begin * step);
    taps[t] = terms[t].tap;
  }
  for (int64_t k = 0; k < end - begin; k++) {
    Acc sum = first ? Acc(0) : out[begin + k];
    for (int t = 0; t < count; t++)
      sum += taps[t] * static_cast<Acc>(x[t][adjacent ? k : k * step]);
    out[begin + k] = sum;
  }
}

template <bool adjacent, typename Scalar, typename Acc>
CKERNELS_INLINE void addInside(Acc *out, const Term<Scalar, Acc> *terms, int64_t count,
                               int64_t begin, int64_t end, int64_t step) {
  bool first = true;
  for (int64_t done = 0; done < count; done += 4, first = false) {
    const Term<Scalar, Acc> *next = terms + done;
    switch (std::min<int64_t>(count - done, 4)) {
      case 4: addSome<4, adjacent>(out, next, begin, end, step, first); break;
      case 3: addSome<3, adjacent>(out, next, begin, end, step, first); break;
      case 2: addSome<2, adjacent>(out, next, begin, end, step, first); break;
      default: addSome<1, adjacent>(out, next, begin, end, step, first);
    }
  }
}

template <typename Scalar, typename Acc>
CKERNELS_INLINE void addInside(Acc *out, const Term<Scalar, Acc> *terms, int64_t count,
                               int64_t begin, int64_t end, int64_t step) {
  if (step == 1) {
    addInside<true>(out, terms, count, begin, end, step);
  } else {
    addInside<false>(out, terms, count, begin, end, step);
  }
}

CKERNELS_FOR_EACH_LEVEL
void addInside(float *out, const Term<float, float> *terms, int64_t count, int64_t begin,
               int64_t end, int64_t step) {
  addInside<float, float>(out, terms, count, begin, end, step);
}

// out[k] = the sum of the terms that reach output k, for `length` outputs.
template <typename Scalar, typename Acc>
void addTerms(Acc *out, const std::vector<Term<Scalar, Acc>> &terms, int64_t length, int64_t step) {
  int64_t begin = 0, end = length;
  for (const auto &term : terms) {
    begin = std::max(begin, term.begin);
    end = std::min(end, term.end);
  }
  end = std::max(begin, end);
  const auto addAtEdge = [&](int64_t k) {
    Acc sum = 0;
    for (const auto &term : terms)
      if (term.begin <= k && k < term.end)
        sum += term.tap * static_cast<Acc>(term.line[term.offset + k * step]);
    out[k] = sum;
  };
  if (terms.empty()) end = begin;
  for (int64_t k = 0; k < std::min(begin, length); k++) addAtEdge(k);
  if (begin < end) addInside(out, terms.data(), terms.size(), begin, end, step);
  for (int64_t k = end; k < length; k++) addAtEdge(k);
}

// Room for the terms and sums of rows.
template <typename Scalar, typename Acc>
struct Workspace {
  std::vector<Term<Scalar, Acc>> terms;
  std::vector<Acc> line, sums;
};

// One output row of one plane: the outputs of each phase (o mod outputStep) have the same taps.
template <typename Scalar, typename Acc>
void filterRow(Scalar *out, const Scalar *plane, const Acc *filter, const ResamplingAxis &x,
               const ResamplingAxis &y, int64_t row, const std::vector<ResamplingAxis::Run> &runs,
               Workspace<Scalar, Acc> &room) {
  for (int64_t phase = 0; phase < x.outputStep; phase++) {
    const int64_t length = ceilDivide(x.outputs - phase, x.outputStep);
    room.terms.clear();
    for (int64_t ty = 0; ty < y.taps; ty++) {
      const int64_t from = y.input(row, ty);
      if (from < 0) continue;
      const Scalar *line = plane + from * x.inputs;
      for (int64_t tx = 0; tx < x.taps; tx++) {
        const ResamplingAxis::Run &run = runs[tx];
        if (run.count <= 0 || run.output % x.outputStep != phase) continue;
        const int64_t first = run.output / x.outputStep;
        room.terms.push_back({line, filter[ty * x.taps + tx], run.input - first * x.inputStep,
                              first, first + run.count});
      }
    }
    if constexpr (std::is_same_v<Scalar, Acc>) {
      if (x.outputStep == 1) {
        addTerms(out, room.terms, length, x.inputStep);
        continue;
      }
    }
    room.sums.resize(length);
    addTerms(room.sums.data(), room.terms, length, x.inputStep);
    for (int64_t k = 0; k < length; k++)
      out[phase + k * x.outputStep] = static_cast<Scalar>(room.sums[k]);
  }
}

// One plane that is not enlarged, some output rows at a time: the input rows that they read stand
// in one line, with the zeros that they are padded with, so that no output has an edge.
template <typename Scalar>
void filterPlane(Scalar *out, const Scalar *plane, const Scalar *taps, const ResamplingAxis &x,
                 const ResamplingAxis &y, Workspace<Scalar, Scalar> &room) {
  constexpr int64_t lineLength = 1 << 13;  // numbers; of float32, they fit into the first cache
  const int64_t width = (x.outputs - 1) * x.down + x.taps;
  const int64_t left = std::clamp<int64_t>(x.padding, 0, width);
  const int64_t right = std::clamp<int64_t>(x.padding + x.inputs, left, width);
  const int64_t rowsAtOnce = y.down == 1 ? std::max<int64_t>(lineLength / width, 1) : 1;
  for (int64_t row = 0; row < y.outputs; row += rowsAtOnce) {
    const int64_t count = std::min(rowsAtOnce, y.outputs - row);
    const int64_t rows = count + y.taps - 1;
    room.line.assign(rows * width, 0);
    for (int64_t k = 0; k < rows; k++) {
      const int64_t from = row * y.down + k - y.padding;
      if (0 <= from && from < y.inputs)
        std::copy_n(plane + from * x.inputs + (left - x.padding), right - left,
                    room.line.data() + k * width + left);
    }
    room.terms.clear();
    for (int64_t ty = 0; ty < y.taps; ty++)
      for (int64_t tx = 0; tx < x.taps; tx++)
        room.terms.push_back(
            {room.line.data(), taps[ty * x.taps + tx], ty * width + tx, 0, count * width});
    room.sums.resize(count * width);
    addInside(room.sums.data(), room.terms.data(), room.terms.size(), 0, count * width - x.taps + 1,
              1);
    for (int64_t k = 0; k < count; k++)
      for (int64_t o = 0; o < x.outputs; o++)
        out[(row + k) * x.outputs + o] = room.sums[k * width + o * x.down];
  }
}

// Filters plane by plane if it can: where nothing is enlarged, and sums need no wider format.
template <typename Scalar, typename Acc>
bool filterPlanes(Scalar *to, const Scalar *from, const std::vector<Acc> &taps,
                  const ResamplingAxis &x, const ResamplingAxis &y, int64_t planes) {
  if constexpr (std::is_same_v<Scalar, Acc>) {
    if (x.up != 1 || y.up != 1) return false;
    const int64_t size = y.outputs * x.outputs;
    forEachRow(planes, size * x.taps * y.taps, [&](int64_t plane) {
      thread_local Workspace<Scalar, Scalar> room;
      filterPlane(to + plane * size, from + plane * y.inputs * x.inputs, taps.data(), x, y, room);
    });
    return true;
  }
  return false;
}

// The taps as they are multiplied: turned around unless `flip`, times the gain.
template <typename Acc>
std::vector<Acc> preparedTaps(const at::Tensor &filter, bool flip, double gain) {
  const at::Tensor values = filter.to(at::kDouble).contiguous();
  std::vector<double> taps(values.const_data_ptr<double>(),
                           values.const_data_ptr<double>() + values.numel());
  if (!flip) std::reverse(taps.begin(), taps.end());
  std::vector<Acc> result;
  for (const double tap : taps) result.push_back(static_cast<Acc>(tap * gain));
  return result;
}

at::Tensor upfirdn2dCPU(const at::Tensor &input, const at::Tensor &filter, at::IntArrayRef up,
                        at::IntArrayRef down, at::IntArrayRef padding, bool flipFilter,
                        double gain) {
  TORCH_CHECK(input.dim() == 4, operatorName, ": x has ", input.dim(), " axes, expected 4");
  TORCH_CHECK(filter.dim() == 2, operatorName, ": the filter has ", filter.dim(),
              " axes, expected 2");
  const ResamplingAxis x(operatorName, input.size(3), filter.size(1), up[0], down[0], padding[0],
                         padding[1]);
  const ResamplingAxis y(operatorName, input.size(2), filter.size(0), up[1], down[1], padding[2],
                         padding[3]);
  if (isChannelsLast(input) && input.scalar_type() == at::kFloat &&
      input.size(1) % channelLanes == 0) {
    const at::Tensor result = emptyImages(input, input.size(1), y.outputs, x.outputs);
    filterChannelsLast(input, result, preparedTaps<float>(filter, flipFilter, gain).data(), x, y,
                       nullptr);
    return result;
  }
  const at::Tensor source = input.contiguous();
  at::Tensor result =
      at::empty({input.size(0), input.size(1), y.outputs, x.outputs}, input.options());
  std::vector<ResamplingAxis::Run> runs;
  for (int64_t t = 0; t < x.taps; t++) runs.push_back(x.run(t));
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, input.scalar_type(), "upfirdn2d", [&] {
    using Acc = at::opmath_type<scalar_t>;
    const std::vector<Acc> taps = preparedTaps<Acc>(filter, flipFilter, gain);
    const scalar_t *from = source.const_data_ptr<scalar_t>();
    scalar_t *to = result.mutable_data_ptr<scalar_t>();
    const int64_t planes = input.size(0) * input.size(1);
    if (filterPlanes(to, from, taps, x, y, planes)) return;
    forEachRow(planes * y.outputs, x.outputs * x.taps * y.taps, [&](int64_t row) {
      thread_local Workspace<scalar_t, Acc> room;
      const int64_t plane = row / y.outputs;
      filterRow<scalar_t, Acc>(to + row * x.outputs, from + plane * y.inputs * x.inputs,
                               taps.data(), x, y, row % y.outputs, runs, room);
    });
  });
  return result;
}

// Tensors without numbers have a result of the same kind.
at::Tensor upfirdn2dMeta(const at::Tensor &input, const at::Tensor &filter, at::IntArrayRef up,
                         at::IntArrayRef down, at::IntArrayRef padding, bool, double) {
  const ResamplingAxis x(operatorName, input.size(3), filter.size(1), up[0], down[0], padding[0],
                         padding[1]);
  const ResamplingAxis y(operatorName, input.size(2), filter.size(0), up[1], down[1], padding[2],
                         padding[3]);
  return at::empty({input.size(0), input.size(1), y.outputs, x.outputs}, input.options());
}

at::Tensor upfirdn2d(const at::Tensor &x, const at::Tensor &filter, at::IntArrayRef up,
                     at::IntArrayRef down, at::IntArrayRef padding, bool flipFilter, double gain) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::upfirdn2d", "")
                             .typed<decltype(upfirdn2d)>();
  return op.call(x, filter, up, down, padding, flipFilter, gain);
}

// The gradient is an upfirdn2d again: up and down exchanged, the filter turned around.
struct Upfirdn2dFunction : torch::autograd::Function<Upfirdn2dFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &filter, at::IntArrayRef up, at::IntArrayRef down,
                            at::IntArrayRef padding, bool flipFilter, double gain) {
    at::AutoDispatchBelowADInplaceOrView below;
    const at::Tensor y = upfirdn2d(x, filter, up, down, padding, flipFilter, gain);
    context->save_for_backward({filter});
    auto &saved = context->saved_data;
    saved["up"] = up.vec();
    saved["down"] = down.vec();
    saved["flip"] = flipFilter;
    saved["gain"] = gain;
    const int64_t taps[2] = {filter.size(1), filter.size(0)};
    const int64_t inputs[2] = {x.size(3), x.size(2)}, outputs[2] = {y.size(3), y.size(2)};
    std::vector<int64_t> back;
    for (int a = 0; a < 2; a++) {
      back.push_back(taps[a] - 1 - padding[2 * a]);
      back.push_back(inputs[a] * up[a] - outputs[a] * down[a] + padding[2 * a] - up[a] + 1);
    }
    saved["padding"] = back;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    auto &saved = context->saved_data;
    const auto up = saved["up"].toIntVector(), down = saved["down"].toIntVector();
    const at::Tensor dx = upfirdn2d(gradients[0], context->get_saved_variables()[0], down, up,
                                    saved["padding"].toIntVector(), !saved["flip"].toBool(),
                                    saved["gain"].toDouble());
    return {dx, {}, {}, {}, {}, {}, {}};
  }
};

at::Tensor upfirdn2dAutograd(const at::Tensor &x, const at::Tensor &filter, at::IntArrayRef up,
                             at::IntArrayRef down, at::IntArrayRef padding, bool flipFilter,
                             double gain) {
  return Upfirdn2dFunction::apply(x, filter, up, down, padding, flipFilter, gain);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def(
      "upfirdn2d(Tensor x, Tensor filter, int[2] up, int[2] down, int[4] padding, bool "
      "flip_filter, float gain)"
      " -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) { library.impl("upfirdn2d", upfirdn2dCPU); }
TORCH_LIBRARY_IMPL(stylist, Meta, library) { library.impl("upfirdn2d", upfirdn2dMeta); }
TORCH_LIBRARY_IMPL(stylist, Autograd, library) { library.impl("upfirdn2d", upfirdn2dAutograd); }

}  // namespace ckernels
