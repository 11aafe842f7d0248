// Adds up the memory of tensors that a computation makes and that somebody still holds: an observer of
// libtorch's operators that looks at what they return.

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <ATen/record_function.h>
#include <c10/core/StorageImpl.h>
#include <c10/util/intrusive_ptr.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "Failure.h"
#include "Handles.h"

namespace {

using Storage = c10::weak_intrusive_ptr<c10::StorageImpl>;

// Storages that were seen, by address; those that were there before the computation are not counted. A
// weak reference keeps an address from being given to another storage.
struct Seen {
  Storage storage;
  bool isOwn;
};

struct Watch {
  at::CallbackHandle handle = 0;
  // How many operators are running, each called by the one before.
  int depth = 0;
  // The most bytes that were held whenever somebody looked.
  int64_t most = 0;
  std::unordered_map<const c10::StorageImpl *, Seen> seen;
};

thread_local Watch *watch = nullptr;

void see(const at::Tensor &tensor, bool isOwn) {
  if (!tensor.defined() || !tensor.has_storage()) return;
  c10::StorageImpl *storage = tensor.storage().unsafeGetStorageImpl();
  watch->seen.try_emplace(
      storage, Seen{Storage(c10::intrusive_ptr<c10::StorageImpl>::reclaim_copy(storage)), isOwn});
}

void see(c10::ArrayRef<const c10::IValue> values, bool isOwn) {
  for (const c10::IValue &value : values) {
    if (value.isTensor()) {
      see(value.toTensor(), isOwn);
    } else if (value.isTensorList()) {
      for (const at::Tensor &tensor : value.toTensorVector()) see(tensor, isOwn);
    }
  }
}

std::unique_ptr<at::ObserverContext> before(const at::RecordFunction &function) {
  // What an operator hands to another it may just have made.
  if (watch && watch->depth++ == 0) see(function.inputs(), false);
  return nullptr;
}

void after(const at::RecordFunction &function, at::ObserverContext *) {
  if (!watch) return;
  watch->depth--;
  const std::vector<c10::IValue> &outputs = function.outputs();
  see(c10::ArrayRef<const c10::IValue>(outputs.data(), outputs.size()), true);
}

// The bytes of the computation's own tensors that somebody still needs.
int64_t held() {
  int64_t bytes = 0;
  for (const auto &[address, seen] : watch->seen) {
    if (!seen.isOwn) continue;
    if (const auto storage = seen.storage.lock()) bytes += int64_t(storage->nbytes());
  }
  return bytes;
}

}  // namespace

void ctorch::lookAtMemory() {
  if (watch) watch->most = std::max(watch->most, held());
}

bool ctorch_start_watching(CTorchError *error) {
  return ctorch::guarded(error, false, [] {
    TORCH_CHECK(!watch, "memory is being watched already");
    watch = new Watch();
    watch->handle = at::addThreadLocalCallback(
        at::RecordFunctionCallback(before, after).needsInputs(true).needsOutputs(true).scopes(
            {at::RecordScope::FUNCTION}));
    return true;
  });
}

int64_t ctorch_stop_watching(int64_t *most) {
  *most = 0;
  if (!watch) return 0;
  at::removeCallback(watch->handle);
  const int64_t bytes = held();
  *most = std::max(bytes, watch->most);
  delete watch;
  watch = nullptr;
  return bytes;
}
