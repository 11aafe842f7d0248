// Operators on the device meta, where tensors have sizes and no numbers, which libtorch itself knows
// from Python only.

#include <ATen/ATen.h>
#include <torch/library.h>

#include <optional>
#include <tuple>
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

at::Tensor flip(const at::Tensor &x, at::IntArrayRef) { return at::empty_like(x); }

at::Tensor roll(const at::Tensor &x, at::IntArrayRef, at::IntArrayRef) { return at::empty_like(x); }

at::Tensor softmax(const at::Tensor &x, int64_t, std::optional<at::ScalarType>) {
  return at::empty_like(x);
}

at::Tensor indexSelect(const at::Tensor &x, int64_t axis, const at::Tensor &index) {
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes[axis < 0 ? axis + x.dim() : axis] = index.numel();
  return at::empty(sizes, x.options());
}

std::tuple<at::Tensor, at::Tensor> varianceAndMean(const at::Tensor &x,
                                                   at::OptionalIntArrayRef axes,
                                                   const std::optional<at::Scalar> &,
                                                   bool keepAxes) {
  const at::Tensor mean = axes ? x.mean(*axes, keepAxes) : x.mean();
  return {at::empty_like(mean), mean};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> layerNorm(const at::Tensor &x,
                                                         at::IntArrayRef normalized,
                                                         const std::optional<at::Tensor> &,
                                                         const std::optional<at::Tensor> &,
                                                         double) {
  std::vector<int64_t> sizes = x.sizes().vec();
  for (size_t a = 1; a <= normalized.size(); a++) sizes[sizes.size() - a] = 1;
  return {at::empty_like(x), at::empty(sizes, x.options()), at::empty(sizes, x.options())};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, Meta, library) {
  library.impl("convolution_overrideable", convolution);
  library.impl("flip", flip);
  library.impl("roll", roll);
  library.impl("_safe_softmax", softmax);
  library.impl("index_select", indexSelect);
  library.impl("native_layer_norm", layerNorm);
  library.impl("var_mean.correction", varianceAndMean);
}
