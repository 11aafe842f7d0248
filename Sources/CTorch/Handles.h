// Handles as C sees them, and the tensors and generators behind them.

#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "CTorch.h"

namespace ctorch {

inline c10::TensorImpl *impl(CTorchTensorRef handle) { return reinterpret_cast<c10::TensorImpl *>(handle); }

// A tensor that shares the handle's object and takes a reference of its own.
inline at::Tensor tensor(CTorchTensorRef handle) {
  if (handle == nullptr) return at::Tensor();
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(impl(handle)));
}

// Hands the tensor's reference over to C; an undefined tensor becomes NULL.
inline CTorchTensorRef handle(at::Tensor tensor) {
  if (!tensor.defined()) return nullptr;
  return reinterpret_cast<CTorchTensorRef>(tensor.unsafeReleaseTensorImpl());
}

inline at::Generator &generator(CTorchGeneratorRef handle) { return *reinterpret_cast<at::Generator *>(handle); }

}  // namespace ctorch
