// Bias, a leaky ReLU of any slope, gain and clamp in one pass over memory.

#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <limits>
#include <optional>

#include "CKernels.h"
#include "Features.h"
#include "Parallel.h"

namespace ckernels {
namespace {

// The slope is that of the negative side: 1 is linear, 0 is ReLU. No clamp is not-a-number, which
// nothing lies beyond.
template <typename Acc>
struct Shape {
  Acc slope, gain, clamp;
};

// The slope times `v`, where infinity times a slope of 0 is 0 too.
template <typename Acc>
CKERNELS_INLINE Acc sloped(Acc v, Shape<Acc> s) {
  return s.slope > 0 || v != v ? v * s.slope : Acc(0);
}

template <typename Scalar, typename Acc>
CKERNELS_INLINE Scalar activated(Acc v, Shape<Acc> s) {
  v = (v > 0 ? v : sloped(v, s)) * s.gain;
  v = v < -s.clamp ? -s.clamp : v;
  return static_cast<Scalar>(v > s.clamp ? s.clamp : v);
}

// Numbers of one channel.
template <typename Scalar, typename Acc>
CKERNELS_INLINE void activateRow(Scalar *y, const Scalar *x, Acc bias, Shape<Acc> s,
                                 int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = activated<Scalar>(static_cast<Acc>(x[i]) + bias, s);
}

// One number of each channel.
template <typename Scalar, typename Acc>
CKERNELS_INLINE void activateChannels(Scalar *y, const Scalar *x, const Scalar *biases,
                                      Shape<Acc> s, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    y[i] = activated<Scalar>(static_cast<Acc>(x[i]) + static_cast<Acc>(biases[i]), s);
}

// dx = dy * gain, times the slope where y is not positive, and zero where y is clamped.
template <typename Scalar, typename Acc>
CKERNELS_INLINE void differentiateRow(Scalar *dx, const Scalar *dy, const Scalar *y, Shape<Acc> s,
                                      int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const Acc v = static_cast<Acc>(y[i]);
    const Acc g = static_cast<Acc>(dy[i]) * s.gain;
    const Acc d = v > 0 ? g : sloped(g, s);
    dx[i] = static_cast<Scalar>(v <= -s.clamp || v >= s.clamp ? Acc(0) : d);
  }
}

CKERNELS_FOR_EACH_LEVEL
void activateRow(float *y, const float *x, float bias, Shape<float> s, int64_t count) {
  activateRow<float, float>(y, x, bias, s, count);
}

CKERNELS_FOR_EACH_LEVEL
void activateChannels(float *y, const float *x, const float *biases, Shape<float> s,
                      int64_t count) {
  activateChannels<float, float>(y, x, biases, s, count);
}

CKERNELS_FOR_EACH_LEVEL
void differentiateRow(float *dx, const float *dy, const float *y, Shape<float> s, int64_t count) {
  differentiateRow<float, float>(dx, dy, y, s, count);
}

// The clamp is rounded as results are, so that the gradient finds the results that lie at it.
template <typename Scalar, typename Acc>
Shape<Acc> shape(double slope, double gain, std::optional<double> clamp) {
  const Scalar bound =
      static_cast<Scalar>(clamp.value_or(std::numeric_limits<double>::quiet_NaN()));
  return {static_cast<Acc>(slope), static_cast<Acc>(gain), static_cast<Acc>(bound)};
}

at::Tensor biasActCPU(const at::Tensor &input, const std::optional<at::Tensor> &bias, int64_t axis,
                      double slope, double gain, std::optional<double> clamp) {
  TORCH_CHECK(gain > 0 && slope >= 0, "bias_act: gain ", gain, " and slope ", slope,
              ", expected positive ones");
  TORCH_CHECK(axis >= 0 && axis < input.dim(), "bias_act: axis ", axis, " of ", input.sizes());
  const int64_t channels = input.size(axis);
  TORCH_CHECK(!bias || (bias->dim() == 1 && bias->size(0) == channels),
              "bias_act: a bias of sizes ", bias->sizes(), " for ", channels, " channels");
  // Images keep the order that they have.
  const bool byPixel = axis == 1 && input.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  const at::Tensor x =
      input.contiguous(byPixel ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
  at::Tensor y = at::empty_like(x);
  int64_t inner = 1;
  for (int64_t a = axis + 1; a < x.dim(); a++) inner *= x.size(a);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "bias_act", [&] {
    using Acc = at::opmath_type<scalar_t>;
    const Shape<Acc> s = shape<scalar_t, Acc>(slope, gain, clamp);
    const at::Tensor b = bias ? bias->to(x.scalar_type()).contiguous() : at::Tensor();
    const scalar_t *biases = b.defined() ? b.const_data_ptr<scalar_t>() : nullptr;
    const scalar_t *from = x.const_data_ptr<scalar_t>();
    scalar_t *to = y.mutable_data_ptr<scalar_t>();
    if (byPixel && biases != nullptr && channels > 0) {
      forEachRow(x.numel() / channels, channels, [&](int64_t row) {
        activateChannels(to + row * channels, from + row * channels, biases, s, channels);
      });
      return;
    }
    forEachRow(inner == 0 ? 0 : x.numel() / inner, inner, [&](int64_t row) {
      const Acc value = biases == nullptr ? Acc(0) : static_cast<Acc>(biases[row % channels]);
      activateRow(to + row * inner, from + row * inner, value, s, inner);
    });
  });
  return y;
}

at::Tensor biasActGradCPU(const at::Tensor &dyInput, const at::Tensor &yInput, double slope,
                          double gain, std::optional<double> clamp) {
  const at::MemoryFormat order = yInput.suggest_memory_format();
  const at::Tensor dy = dyInput.contiguous(order), y = yInput.contiguous(order);
  at::Tensor dx = at::empty_like(dy);
  constexpr int64_t chunk = 4096;
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, y.scalar_type(), "bias_act_grad", [&] {
    using Acc = at::opmath_type<scalar_t>;
    const Shape<Acc> s = shape<scalar_t, Acc>(slope, gain, clamp);
    forEachRow((y.numel() + chunk - 1) / chunk, chunk, [&](int64_t row) {
      const int64_t start = row * chunk, count = std::min(chunk, y.numel() - start);
      scalar_t *to = dx.mutable_data_ptr<scalar_t>() + start;
      const scalar_t *from = dy.const_data_ptr<scalar_t>() + start,
                     *values = y.const_data_ptr<scalar_t>() + start;
      differentiateRow(to, from, values, s, count);
    });
  });
  return dx;
}

at::Tensor biasAct(const at::Tensor &x, const std::optional<at::Tensor> &bias, int64_t axis,
                   double slope, double gain, std::optional<double> clamp) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::bias_act", "")
                             .typed<decltype(biasAct)>();
  return op.call(x, bias, axis, slope, gain, clamp);
}

at::Tensor biasActGrad(const at::Tensor &dy, const at::Tensor &y, double slope, double gain,
                       std::optional<double> clamp) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::bias_act_grad", "")
                             .typed<decltype(biasActGrad)>();
  return op.call(dy, y, slope, gain, clamp);
}

// Linear in dy, and constant in y wherever y has a derivative at all.
struct BiasActGradFunction : torch::autograd::Function<BiasActGradFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &dy,
                            const at::Tensor &y, double slope, double gain,
                            std::optional<double> clamp) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({y});
    context->saved_data["slope"] = slope;
    context->saved_data["gain"] = gain;
    context->saved_data["clamp"] = clamp;
    return biasActGrad(dy, y, slope, gain, clamp);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    auto &saved = context->saved_data;
    const at::Tensor y = context->get_saved_variables()[0];
    return {biasActGrad(gradients[0], y, saved["slope"].toDouble(), saved["gain"].toDouble(),
                        saved["clamp"].toOptional<double>()),
            {},
            {},
            {},
            {}};
  }
};

struct BiasActFunction : torch::autograd::Function<BiasActFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                            const std::optional<at::Tensor> &bias, int64_t axis, double slope,
                            double gain, std::optional<double> clamp) {
    at::AutoDispatchBelowADInplaceOrView below;
    const at::Tensor y = biasAct(x, bias, axis, slope, gain, clamp);
    context->save_for_backward({y});
    context->saved_data["axis"] = axis;
    context->saved_data["hasBias"] = bias.has_value();
    context->saved_data["slope"] = slope;
    context->saved_data["gain"] = gain;
    context->saved_data["clamp"] = clamp;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    auto &saved = context->saved_data;
    const at::Tensor y = context->get_saved_variables()[0];
    const at::Tensor dx =
        biasActGrad(gradients[0], y, saved["slope"].toDouble(), saved["gain"].toDouble(),
                    saved["clamp"].toOptional<double>());
    at::Tensor dbias;
    if (saved["hasBias"].toBool()) {
      std::vector<int64_t> others;
      for (int64_t a = 0; a < dx.dim(); a++) {
        if (a != saved["axis"].toInt()) others.push_back(a);
      }
      dbias = others.empty() ? dx : dx.sum(others);
    }
    return {dx, dbias, {}, {}, {}, {}};
  }
};

at::Tensor biasActAutograd(const at::Tensor &x, const std::optional<at::Tensor> &bias, int64_t axis,
                           double slope, double gain, std::optional<double> clamp) {
  return BiasActFunction::apply(x, bias, axis, slope, gain, clamp);
}

at::Tensor biasActGradAutograd(const at::Tensor &dy, const at::Tensor &y, double slope, double gain,
                               std::optional<double> clamp) {
  return BiasActGradFunction::apply(dy, y, slope, gain, clamp);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def(
      "bias_act(Tensor x, Tensor? bias, int axis, float slope, float gain, float? clamp) -> "
      "Tensor");
  library.def(
      "bias_act_grad(Tensor dy, Tensor y, float slope, float gain, float? clamp) -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) {
  library.impl("bias_act", biasActCPU);
  library.impl("bias_act_grad", biasActGradCPU);
}
TORCH_LIBRARY_IMPL(stylist, Autograd, library) {
  library.impl("bias_act", biasActAutograd);
  library.impl("bias_act_grad", biasActGradAutograd);
}

}  // namespace ckernels

void ckernels_register(void) {}
