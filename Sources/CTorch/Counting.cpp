// Counts multiply-adds: an observer of libtorch's operators that looks at the sizes they get.

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <ATen/record_function.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <cstring>
#include <functional>
#include <numeric>
#include <vector>

#include "Failure.h"

namespace {

struct Total {
  int64_t multiplyAdds = 0, calls = 0;
};

// What every counting on this thread has counted, the innermost last.
thread_local std::vector<Total> totals;

using Inputs = c10::ArrayRef<const c10::IValue>;

int64_t product(c10::IntArrayRef sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies<int64_t>());
}

// Of matrices [..., M, K] and [..., K, N], or vectors in place of the second.
int64_t ofProduct(const at::Tensor &a, const at::Tensor &b) {
  return a.numel() * (b.dim() > 1 ? b.size(-1) : 1);
}

// Of aten::convolution(input, weight, bias, stride, padding, dilation, transposed, ...).
int64_t ofConvolution(Inputs inputs) {
  const at::Tensor &x = inputs[0].toTensor(), &weight = inputs[1].toTensor();
  // Every number of a true convolution's input meets every tap of its group.
  if (inputs[6].toBool()) return x.numel() * product(weight.sizes().slice(1));
  const auto stride = inputs[3].toIntVector(), padding = inputs[4].toIntVector(),
             dilation = inputs[5].toIntVector();
  int64_t outputs = x.size(0) * weight.size(0);
  for (size_t a = 0; a < stride.size(); a++) {
    const int64_t taps = weight.size(a + 2);
    outputs *= (x.size(a + 2) + 2 * padding[a] - dilation[a] * (taps - 1) - 1) / stride[a] + 1;
  }
  return outputs * product(weight.sizes().slice(1));
}

// Operators with gradients of their own call themselves once more below autograd.
bool isCalledAgain() {
  return c10::impl::tls_is_dispatch_key_excluded(c10::DispatchKey::AutogradFunctionality);
}

// Of stylist::conv3x3(x, weight, bias, stride).
int64_t ofConvolution3x3(Inputs inputs) {
  if (isCalledAgain()) return 0;
  const at::Tensor &x = inputs[0].toTensor(), &weight = inputs[1].toTensor();
  const int64_t stride = inputs[3].toInt();
  return x.size(0) * (x.size(2) / stride) * (x.size(3) / stride) * weight.numel();
}

// Of the operators that others come down to; 0 for all others.
int64_t multiplyAdds(const char *name, Inputs inputs) {
  const auto is = [name](const char *other) { return std::strcmp(name, other) == 0; };
  const auto tensor = [inputs](size_t i) -> const at::Tensor & { return inputs[i].toTensor(); };
  if (is("aten::mm") || is("aten::bmm") || is("aten::mv") || is("aten::dot")) {
    return ofProduct(tensor(0), tensor(1));
  }
  if (is("aten::addmm") || is("aten::baddbmm") || is("aten::addmv")) {
    return ofProduct(tensor(1), tensor(2));
  }
  if (is("mkldnn::_linear_pointwise")) return tensor(0).numel() * tensor(1).size(0);
  if (is("aten::convolution")) return ofConvolution(inputs);
  if (is("stylist::conv3x3")) return ofConvolution3x3(inputs);
  if (is("aten::_scaled_dot_product_flash_attention_for_cpu")) {
    // Queries [N, h, L, D] meet keys [N, h, K, D], and each pair takes values of D numbers.
    return tensor(0).numel() * tensor(1).size(2) * 2;
  }
  if (is("stylist::upfirdn2d") && !isCalledAgain()) {
    // Of an enlarged image only every up-th number along an axis is not 0.
    const auto up = inputs[2].toIntVector(), down = inputs[3].toIntVector(),
               padding = inputs[4].toIntVector();
    const at::Tensor &x = tensor(0), &filter = tensor(1);
    int64_t products = x.size(0) * x.size(1);
    for (int64_t a = 0; a < 2; a++) {
      const int64_t length = x.size(3 - a) * up[a] + padding[2 * a] + padding[2 * a + 1];
      const int64_t taps = filter.size(1 - a);
      products *= ((length - taps) / down[a] + 1) * ((taps + up[a] - 1) / up[a]);
    }
    return products;
  }
  if (is("stylist::neighborhood_attention")) {
    // Queries [N, H, W, h, D] meet a square of keys each, and take values of D numbers from it.
    const int64_t side = inputs[4].toInt();
    return tensor(0).numel() * side * side * 2;
  }
  return 0;
}

std::unique_ptr<at::ObserverContext> count(const at::RecordFunction &function) {
  if (totals.empty()) return nullptr;
  totals.back().multiplyAdds += multiplyAdds(function.name(), function.inputs());
  totals.back().calls++;
  return nullptr;
}

}  // namespace

uint64_t ctorch_start_counting(CTorchError *error) {
  return ctorch::guarded(error, uint64_t(0), [] {
    auto observer = at::RecordFunctionCallback(count).needsInputs(true).scopes(
        {at::RecordScope::FUNCTION});
    // One observer counts for all: an inner counting is added to the outer one when it stops.
    const at::CallbackHandle handle =
        totals.empty() ? at::addThreadLocalCallback(observer) : at::CallbackHandle(1);
    totals.emplace_back();
    return handle;
  });
}

int64_t ctorch_stop_counting(uint64_t counting, int64_t *calls) {
  if (calls) *calls = 0;
  if (totals.empty()) return 0;
  const Total total = totals.back();
  totals.pop_back();
  if (totals.empty()) {
    at::removeCallback(counting);
  } else {
    totals.back().multiplyAdds += total.multiplyAdds;
    totals.back().calls += total.calls;
  }
  if (calls) *calls = total.calls;
  return total.multiplyAdds;
}
