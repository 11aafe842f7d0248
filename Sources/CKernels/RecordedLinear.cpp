// Linear layers while gradients are recorded: by oneDNN, which is fast on processors of any make.
//
// oneDNN's linear operator has no gradients in libtorch. The gradient of the vectors is the same
// operator with the transposed matrix; that of the matrix is libtorch's product, since oneDNN's is
// slower where the rows that are summed are many.

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <optional>

namespace ckernels {
namespace {

using Bias = std::optional<at::Tensor>;
using Product = at::Tensor(const at::Tensor &, const at::Tensor &, const Bias &);

at::Tensor product(const at::Tensor &x, const at::Tensor &weight, const Bias &bias) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::linear", "")
                             .typed<Product>();
  return op.call(x, weight, bias);
}

// x [N, I], weight [O, I], bias [O] → [N, O]
at::Tensor linearCPU(const at::Tensor &x, const at::Tensor &weight, const Bias &bias) {
  // What a call of oneDNN costs is a product of this many numbers.
  constexpr int64_t fewest = 1 << 20;
  if (x.size(0) * weight.numel() < fewest) return at::linear(x, weight, bias);
  using Scalars = c10::List<std::optional<at::Scalar>>;
  using Name = std::optional<std::string_view>;
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
                             .typed<at::Tensor(const at::Tensor &, const at::Tensor &, const Bias &,
                                               std::string_view, Scalars, Name)>();
  return op.call(x, weight, bias, "none", Scalars(), "");
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &weight, const Bias &bias) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({x, weight});
    context->saved_data["hasBias"] = bias.has_value();
    return product(x, weight, bias);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &dy = gradients[0];
    torch::autograd::variable_list result(3);
    if (context->needs_input_grad(0)) result[0] = product(dy, weight.t(), std::nullopt);
    if (context->needs_input_grad(1)) result[1] = at::mm(dy.t(), x);
    if (context->saved_data["hasBias"].toBool()) result[2] = dy.sum(0);
    return result;
  }
};

at::Tensor linearAutograd(const at::Tensor &x, const at::Tensor &weight, const Bias &bias) {
  return LinearFunction::apply(x, weight, bias);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def("linear(Tensor x, Tensor weight, Tensor? bias) -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) { library.impl("linear", linearCPU); }
TORCH_LIBRARY_IMPL(stylist, Autograd, library) { library.impl("linear", linearAutograd); }

}  // namespace ckernels
