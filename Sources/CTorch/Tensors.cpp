// Tensors from and to host memory, and what can be asked of one.

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>

#include "Failure.h"
#include "Handles.h"

using ctorch::guarded;
using ctorch::impl;
using ctorch::tensor;

void ctorch_retain(CTorchTensorRef handle) { c10::raw::intrusive_ptr::incref(impl(handle)); }

void ctorch_release(CTorchTensorRef handle) { c10::raw::intrusive_ptr::decref(impl(handle)); }

CTorchTensorRef ctorch_from_bytes(const void *bytes, int64_t byteCount, const int64_t *sizes,
                                  int64_t rank, int32_t scalarType, CTorchError *error) {
  return guarded(error, CTorchTensorRef(nullptr), [&] {
    const at::Tensor result = at::empty(c10::IntArrayRef(sizes, rank),
                                        at::TensorOptions(static_cast<at::ScalarType>(scalarType)));
    TORCH_CHECK(static_cast<int64_t>(result.nbytes()) == byteCount, "a tensor of sizes ",
                result.sizes(), " needs ", result.nbytes(), " bytes, got ", byteCount);
    if (byteCount > 0) std::memcpy(result.mutable_data_ptr(), bytes, byteCount);
    return ctorch::handle(result);
  });
}

bool ctorch_copy_bytes(CTorchTensorRef handle, void *bytes, int64_t byteCount, CTorchError *error) {
  return guarded(error, false, [&] {
    const at::Tensor t = tensor(handle).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == byteCount, "a tensor of sizes ", t.sizes(),
                " holds ", t.nbytes(), " bytes, asked for ", byteCount);
    if (byteCount > 0) std::memcpy(bytes, t.const_data_ptr(), byteCount);
    return true;
  });
}

int64_t ctorch_rank(CTorchTensorRef handle) { return impl(handle)->dim(); }
int64_t ctorch_size(CTorchTensorRef handle, int64_t axis) { return impl(handle)->sizes()[axis]; }
int64_t ctorch_stride(CTorchTensorRef handle, int64_t axis) {
  return impl(handle)->strides()[axis];
}
int32_t ctorch_scalar_type(CTorchTensorRef handle) {
  return static_cast<int32_t>(tensor(handle).scalar_type());
}
bool ctorch_is_contiguous(CTorchTensorRef handle) { return impl(handle)->is_contiguous(); }
bool ctorch_is_same(CTorchTensorRef a, CTorchTensorRef b) { return a == b; }
const void *ctorch_data_address(CTorchTensorRef handle) { return tensor(handle).const_data_ptr(); }

void ctorch_device(CTorchTensorRef handle, char *text, int64_t capacity) {
  std::snprintf(text, capacity, "%s", impl(handle)->device().str().c_str());
}
