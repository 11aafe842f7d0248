// 3×3 convolutions with gradients of any order: those that keep the size of images, and those that
// halve it.
//
// The convolution, its transpose and the gradient of its kernels are linear in both of their
// arguments, so that each of the three has the other two for derivatives.

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <optional>

namespace ckernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Images [N, I, H, W] and kernels [O, I, 3, 3], correlated: [N, O, H', W'].
Tensor convolution(const Tensor &x, const Tensor &weight, const std::optional<Tensor> &bias,
                   int64_t stride) {
  static const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("stylist::conv3x3", "")
          .typed<Tensor(const Tensor &, const Tensor &, const std::optional<Tensor> &, int64_t)>();
  return op.call(x, weight, bias, stride);
}

// What takes gradients y [N, O, H', W'] of the convolution back to its images: [N, I, H, W].
Tensor transposed(const Tensor &y, const Tensor &weight, int64_t stride) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::conv3x3_transpose", "")
                             .typed<Tensor(const Tensor &, const Tensor &, int64_t)>();
  return op.call(y, weight, stride);
}

// The gradient of the kernels from images x and gradients y: [O, I, 3, 3].
Tensor weightGradient(const Tensor &x, const Tensor &y, int64_t stride) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::conv3x3_weight_grad", "")
                             .typed<Tensor(const Tensor &, const Tensor &, int64_t)>();
  return op.call(x, y, stride);
}

// Two tensors, kept for the gradient, and the convolution's steps.
void save(AutogradContext *context, const Tensor &first, const Tensor &second, int64_t stride) {
  context->save_for_backward({first, second});
  context->saved_data["stride"] = stride;
}

struct Saved {
  const variable_list tensors;
  const int64_t stride;

  explicit Saved(AutogradContext *context)
      : tensors(context->get_saved_variables()), stride(context->saved_data["stride"].toInt()) {}
};

struct ConvolutionFunction : Function<ConvolutionFunction> {
  static Tensor forward(AutogradContext *context, const Tensor &x, const Tensor &weight,
                        const std::optional<Tensor> &bias, int64_t stride) {
    at::AutoDispatchBelowADInplaceOrView below;
    save(context, x, weight, stride);
    context->saved_data["hasBias"] = bias.has_value();
    return convolution(x, weight, bias, stride);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const Saved saved(context);
    const Tensor &x = saved.tensors[0], &weight = saved.tensors[1], &dy = gradients[0];
    variable_list result(4);
    if (context->needs_input_grad(0)) result[0] = transposed(dy, weight, saved.stride);
    if (context->needs_input_grad(1)) result[1] = weightGradient(x, dy, saved.stride);
    if (context->saved_data["hasBias"].toBool()) result[2] = dy.sum({0, 2, 3});
    return result;
  }
};

struct TransposeFunction : Function<TransposeFunction> {
  static Tensor forward(AutogradContext *context, const Tensor &y, const Tensor &weight,
                        int64_t stride) {
    at::AutoDispatchBelowADInplaceOrView below;
    save(context, y, weight, stride);
    return transposed(y, weight, stride);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const Saved saved(context);
    const Tensor &y = saved.tensors[0], &weight = saved.tensors[1], &dx = gradients[0];
    variable_list result(3);
    if (context->needs_input_grad(0)) result[0] = convolution(dx, weight, {}, saved.stride);
    if (context->needs_input_grad(1)) result[1] = weightGradient(dx, y, saved.stride);
    return result;
  }
};

struct WeightGradientFunction : Function<WeightGradientFunction> {
  static Tensor forward(AutogradContext *context, const Tensor &x, const Tensor &y,
                        int64_t stride) {
    at::AutoDispatchBelowADInplaceOrView below;
    save(context, x, y, stride);
    return weightGradient(x, y, stride);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const Saved saved(context);
    const Tensor &x = saved.tensors[0], &y = saved.tensors[1], &dw = gradients[0];
    variable_list result(3);
    if (context->needs_input_grad(0)) result[0] = transposed(y, dw, saved.stride);
    if (context->needs_input_grad(1)) result[1] = convolution(x, dw, {}, saved.stride);
    return result;
  }
};

Tensor convolutionAutograd(const Tensor &x, const Tensor &weight, const std::optional<Tensor> &bias,
                           int64_t stride) {
  return ConvolutionFunction::apply(x, weight, bias, stride);
}

Tensor transposeAutograd(const Tensor &y, const Tensor &weight, int64_t stride) {
  return TransposeFunction::apply(y, weight, stride);
}

Tensor weightGradientAutograd(const Tensor &x, const Tensor &y, int64_t stride) {
  return WeightGradientFunction::apply(x, y, stride);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def("conv3x3(Tensor x, Tensor weight, Tensor? bias, int stride) -> Tensor");
  library.def("conv3x3_transpose(Tensor y, Tensor weight, int stride) -> Tensor");
  library.def("conv3x3_weight_grad(Tensor x, Tensor y, int stride) -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, Autograd, library) {
  library.impl("conv3x3", convolutionAutograd);
  library.impl("conv3x3_transpose", transposeAutograd);
  library.impl("conv3x3_weight_grad", weightGradientAutograd);
}

}  // namespace ckernels
