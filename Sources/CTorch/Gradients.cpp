// Gradients by reverse-mode differentiation, to any order.

#include <ATen/ops/ones_like.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <sstream>

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

// What was differentiated, for an error's end.
std::string context(const CTorchTensorRef *outputs, int64_t outputCount, int64_t inputCount) {
  std::ostringstream text;
  text << " (gradient of";
  for (int64_t i = 0; i < outputCount; i++) {
    const at::Tensor output = tensor(outputs[i]);
    text << (i == 0 ? " " : ", ") << c10::toString(output.scalar_type()) << output.sizes();
  }
  text << " by " << inputCount << (inputCount == 1 ? " tensor)" : " tensors)");
  return text.str();
}

}  // namespace

bool ctorch_requires_grad(CTorchTensorRef handle) { return tensor(handle).requires_grad(); }

bool ctorch_set_requires_grad(CTorchTensorRef handle, bool value, CTorchError *error) {
  return guarded(error, false, [&] {
    tensor(handle).set_requires_grad(value);
    return true;
  });
}

bool ctorch_grad(const CTorchTensorRef *outputs, const CTorchTensorRef *outputGradients,
                 int64_t outputCount, const CTorchTensorRef *inputs, int64_t inputCount,
                 bool retainGraph, bool createGraph, bool allowUnused, CTorchTensorRef *results,
                 CTorchError *error) {
  return guarded(
      error, false,
      [&] {
        ctorch::useThreadCount();
        const torch::autograd::variable_list y = list(outputs, outputCount);
        torch::autograd::variable_list weights = list(outputGradients, outputCount);
        // Left to itself, libtorch takes ones for outputs of one element only.
        for (int64_t i = 0; i < outputCount; i++) {
          if (!weights[i].defined()) weights[i] = at::ones_like(y[i]);
        }
        torch::autograd::variable_list gradients = torch::autograd::grad(
            y, list(inputs, inputCount), weights, retainGraph, createGraph, allowUnused);
        for (int64_t i = 0; i < inputCount; i++)
          results[i] = ctorch::handle(std::move(gradients[i]));
        return true;
      },
      [&] { return context(outputs, outputCount, inputCount); });
}

bool ctorch_grad_enabled(void) { return torch::autograd::GradMode::is_enabled(); }
void ctorch_set_grad_enabled(bool value) { torch::autograd::GradMode::set_enabled(value); }
