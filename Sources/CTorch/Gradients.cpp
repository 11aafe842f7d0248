// Gradients by reverse-mode differentiation, to any order.

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include "Failure.h"
#include "Handles.h"

using ctorch::guarded;
using ctorch::tensor;

namespace {

torch::autograd::variable_list list(const CTorchTensorRef *handles, int64_t count) {
  torch::autograd::variable_list result;
  result.reserve(count);
  for (int64_t i = 0; i < count; i++) result.push_back(tensor(handles[i]));
  return result;
}

}  // namespace

bool ctorch_requires_grad(CTorchTensorRef handle) { return tensor(handle).requires_grad(); }

bool ctorch_set_requires_grad(CTorchTensorRef handle, bool value, CTorchError *error) {
  return guarded(error, false, [&] {
    tensor(handle).set_requires_grad(value);
    return true;
  });
}

bool ctorch_grad(const CTorchTensorRef *outputs, const CTorchTensorRef *outputGradients, int64_t outputCount,
                 const CTorchTensorRef *inputs, int64_t inputCount, bool retainGraph, bool createGraph,
                 bool allowUnused, CTorchTensorRef *results, CTorchError *error) {
  return guarded(
      error, false,
      [&] {
        torch::autograd::variable_list gradients = torch::autograd::grad(
            list(outputs, outputCount), list(inputs, inputCount), list(outputGradients, outputCount), retainGraph,
            createGraph, allowUnused);
        for (int64_t i = 0; i < inputCount; i++) results[i] = ctorch::handle(std::move(gradients[i]));
        return true;
      },
      [] { return std::string(" (gradient)"); });
}

bool ctorch_grad_enabled(void) { return torch::autograd::GradMode::is_enabled(); }
void ctorch_set_grad_enabled(bool value) { torch::autograd::GradMode::set_enabled(value); }
