// upfirdn2d: insert zeros, pad or crop, filter, keep every n-th sample; without making the enlarged
// image.

#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <numeric>
#include <vector>

#include "Features.h"
#include "Parallel.h"

namespace ckernels {
namespace {

// acc[k] += tap * x[k * step]
template <typename Scalar, typename Acc>
CKERNELS_INLINE void accumulate(Acc *acc, const Scalar *x, Acc tap, int64_t count, int64_t step) {
  if (step == 1) {
    for (int64_t k = 0; k < count; k++) acc[k] += tap * static_cast<Acc>(x[k]);
  } else {
    for (int64_t k = 0; k < count; k++) acc[k] += tap * static_cast<Acc>(x[k * step]);
  }
}

CKERNELS_FOR_EACH_LEVEL
void accumulate(float *acc, const float *x, float tap, int64_t count, int64_t step) {
  accumulate<float, float>(acc, x, tap, count, step);
}

int64_t ceilDivide(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

// One axis: which input samples meet which output samples.
//
// Output o and tap t read the enlarged sample o*down + t - padding, which is input sample i if it
// equals i*up. For one tap the outputs that read anything lie `outputStep` apart and their inputs
// `inputStep` apart.
struct Axis {
  int64_t inputs, outputs, up, down, padding, taps;
  int64_t outputStep, inputStep;

  Axis(int64_t inputs, int64_t taps, int64_t up, int64_t down, int64_t before, int64_t after)
      : inputs(inputs), up(up), down(down), padding(before), taps(taps) {
    TORCH_CHECK(up >= 1 && down >= 1, "upfirdn2d: up ", up, " and down ", down,
                ", expected at least 1");
    const int64_t padded = inputs * up + before + after;
    TORCH_CHECK(padded >= taps, "upfirdn2d: ", padded, " padded samples for ", taps, " taps");
    outputs = (padded - taps) / down + 1;
    const int64_t common = std::gcd(up, down);
    outputStep = up / common;
    inputStep = down / common;
  }

  // The first output at or after 0 that reads an input through `tap`, that input, and how many
  // follow.
  struct Run {
    int64_t output, input, count;
  };
  Run run(int64_t tap) const {
    for (int64_t output = 0; output < outputStep; output++) {
      const int64_t place = output * down + tap - padding;
      if (place % up != 0) continue;
      const int64_t first = place / up;
      const int64_t skipped = std::max<int64_t>(0, ceilDivide(-first, inputStep));
      const int64_t byInput = ceilDivide(inputs - first, inputStep);
      const int64_t byOutput = ceilDivide(outputs - output, outputStep);
      return {output + skipped * outputStep, first + skipped * inputStep,
              std::min(byInput, byOutput) - skipped};
    }
    return {0, 0, 0};
  }
};

// One output row of one plane. `acc` holds the outputs of each phase (o mod outputStep) side by
// side.
template <typename Scalar, typename Acc>
void filterRow(Scalar *out, const Scalar *plane, const Acc *filter, const Axis &x, const Axis &y,
               int64_t row, const std::vector<Axis::Run> &runs, std::vector<Acc> &acc) {
  const int64_t phaseLength = ceilDivide(x.outputs, x.outputStep);
  std::fill(acc.begin(), acc.end(), Acc(0));
  for (int64_t ty = 0; ty < y.taps; ty++) {
    const int64_t place = row * y.down + ty - y.padding;
    if (place < 0 || place % y.up != 0 || place / y.up >= y.inputs) continue;
    const Scalar *line = plane + (place / y.up) * x.inputs;
    for (int64_t tx = 0; tx < x.taps; tx++) {
      const Axis::Run &run = runs[tx];
      if (run.count <= 0) continue;
      Acc *phase =
          acc.data() + (run.output % x.outputStep) * phaseLength + run.output / x.outputStep;
      accumulate(phase, line + run.input, filter[ty * x.taps + tx], run.count, x.inputStep);
    }
  }
  for (int64_t p = 0; p < x.outputStep; p++) {
    const Acc *phase = acc.data() + p * phaseLength;
    for (int64_t o = p, k = 0; o < x.outputs; o += x.outputStep, k++)
      out[o] = static_cast<Scalar>(phase[k]);
  }
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
  TORCH_CHECK(input.dim() == 4, "upfirdn2d: x has ", input.dim(), " axes, expected 4");
  TORCH_CHECK(filter.dim() == 2, "upfirdn2d: the filter has ", filter.dim(), " axes, expected 2");
  const Axis x(input.size(3), filter.size(1), up[0], down[0], padding[0], padding[1]);
  const Axis y(input.size(2), filter.size(0), up[1], down[1], padding[2], padding[3]);
  const at::Tensor source = input.contiguous();
  at::Tensor result =
      at::empty({input.size(0), input.size(1), y.outputs, x.outputs}, input.options());
  std::vector<Axis::Run> runs;
  for (int64_t t = 0; t < x.taps; t++) runs.push_back(x.run(t));
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, input.scalar_type(), "upfirdn2d", [&] {
    using Acc = at::opmath_type<scalar_t>;
    const std::vector<Acc> taps = preparedTaps<Acc>(filter, flipFilter, gain);
    const scalar_t *from = source.const_data_ptr<scalar_t>();
    scalar_t *to = result.mutable_data_ptr<scalar_t>();
    const int64_t accLength = ceilDivide(x.outputs, x.outputStep) * x.outputStep;
    forEachRow(input.size(0) * input.size(1) * y.outputs, x.outputs * x.taps * y.taps,
               [&](int64_t row) {
                 thread_local std::vector<Acc> acc;
                 acc.resize(accLength);
                 const int64_t plane = row / y.outputs;
                 filterRow<scalar_t, Acc>(to + row * x.outputs, from + plane * y.inputs * x.inputs,
                                          taps.data(), x, y, row % y.outputs, runs, acc);
               });
  });
  return result;
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
TORCH_LIBRARY_IMPL(stylist, Autograd, library) { library.impl("upfirdn2d", upfirdn2dAutograd); }

}  // namespace ckernels
