// Handles as C sees them, the tensors and generators behind them, and what every computation begins
// with.

#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "CTorch.h"

namespace ctorch {

inline c10::TensorImpl *impl(CTorchTensorRef handle) {
  return reinterpret_cast<c10::TensorImpl *>(handle);
}

// A tensor that shares the handle's object and takes a reference of its own.
inline at::Tensor tensor(CTorchTensorRef handle) {
  if (handle == nullptr) return at::Tensor();
  return at::Tensor(
      c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(impl(handle)));
}

// Hands the tensor's reference over to C; an undefined tensor becomes NULL.
inline CTorchTensorRef handle(at::Tensor tensor) {
  if (!tensor.defined()) return nullptr;
  return reinterpret_cast<CTorchTensorRef>(tensor.unsafeReleaseTensorImpl());
}

inline at::Generator &generator(CTorchGeneratorRef handle) {
  return *reinterpret_cast<at::Generator *>(handle);
}

// libtorch sets thread counts for the calling thread alone. This carries the process's count, once
// one has been set, over to the thread that is about to compute.
void useThreadCount();

// Where memory is being watched on this thread, has a look at how much is held.
void lookAtMemory();

}  // namespace ctorch
