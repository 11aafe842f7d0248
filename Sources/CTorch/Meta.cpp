// Convolutions on the device meta, where tensors have sizes and no numbers: libtorch itself knows
// them from Python only.

#include <ATen/ATen.h>
#include <torch/library.h>

#include <optional>
#include <vector>

namespace {

at::Tensor convolution(const at::Tensor &x, const at::Tensor &weight,
                       const std::optional<at::Tensor> &, at::IntArrayRef stride,
                       at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef outputPadding, int64_t groups) {
  std::vector<int64_t> sizes = {x.size(0), transposed ? weight.size(1) * groups : weight.size(0)};
  for (int64_t a = 0; a + 2 < x.dim(); a++) {
    const int64_t length = x.size(a + 2), reach = dilation[a] * (weight.size(a + 2) - 1);
    sizes.push_back(transposed
                        ? (length - 1) * stride[a] - 2 * padding[a] + reach + outputPadding[a] + 1
                        : (length + 2 * padding[a] - reach - 1) / stride[a] + 1);
  }
  return at::empty(sizes, x.options());
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, Meta, library) { library.impl("convolution_overrideable", convolution); }
