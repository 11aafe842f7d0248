// Attention while gradients are recorded: libtorch's, with gradients of any order.
//
// libtorch's keeps no matrix of weights, and has first gradients only. Where these are themselves
// recorded, they are computed from the matrix of weights, by operators that have gradients.

#include <ATen/TensorOperators.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>

namespace ckernels {
namespace {

using at::Tensor;
// [N, h, L, D], and the logarithms of the sums of the weights
using Results = std::tuple<Tensor, Tensor>;

// libtorch's kernels take the last axis to be consecutive in memory.
Tensor dense(const Tensor &x) { return x.stride(-1) == 1 ? x : x.contiguous(); }

Results attend(const Tensor &q, const Tensor &k, const Tensor &v, double scale) {
  return at::_scaled_dot_product_flash_attention_for_cpu(
      dense(q), dense(k), dense(v), 0, false, {}, scale);
}

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static Tensor forward(torch::autograd::AutogradContext *context, const Tensor &q, const Tensor &k,
                        const Tensor &v, double scale) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto [y, logSums] = attend(q, k, v, scale);
    context->save_for_backward({q, k, v, y, logSums});
    context->saved_data["scale"] = scale;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &dy = gradients[0];
    const double scale = context->saved_data["scale"].toDouble();
    if (!at::GradMode::is_enabled()) {
      const auto [dq, dk, dv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
          dense(dy), dense(q), dense(k), dense(v), saved[3], saved[4], 0, false, {}, scale);
      return {dq, dk, dv, {}};
    }
    const Tensor weights = at::matmul(q * scale, k.transpose(-2, -1)).softmax(-1);
    const Tensor slopes = at::matmul(dy, v.transpose(-2, -1));
    const Tensor scores = weights * (slopes - (slopes * weights).sum(-1, true)) * scale;
    return {at::matmul(scores, k), at::matmul(scores.transpose(-2, -1), q),
            at::matmul(weights.transpose(-2, -1), dy), {}};
  }
};

Tensor attentionCPU(const Tensor &q, const Tensor &k, const Tensor &v, double scale) {
  return std::get<0>(attend(q, k, v, scale));
}

Tensor attentionAutograd(const Tensor &q, const Tensor &k, const Tensor &v, double scale) {
  return AttentionFunction::apply(q, k, v, scale);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def("attention(Tensor q, Tensor k, Tensor v, float scale) -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) { library.impl("attention", attentionCPU); }
TORCH_LIBRARY_IMPL(stylist, Autograd, library) { library.impl("attention", attentionAutograd); }

}  // namespace ckernels
