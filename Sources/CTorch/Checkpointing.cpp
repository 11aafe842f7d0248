// Gradient checkpointing: computations that keep only what they were given, and are done once more when
// gradients are asked for (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016).

#include <ATen/SequenceNumber.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <memory>
#include <unordered_set>
#include <vector>

#include "Failure.h"
#include "Handles.h"

namespace autograd = torch::autograd;

namespace {

using autograd::Edge;
using autograd::edge_list;
using autograd::variable_list;

// The most tensors that a computation may make.
constexpr int64_t capacity = 64;

// What C handed over, released with the last who needs it.
class Computation {
 public:
  // The inputs without their past, and what was made of them, recorded for gradients.
  struct Record {
    variable_list inputs, outputs;
  };

  explicit Computation(CTorchComputation body) : body(body) {}
  ~Computation() { body.release(body.context); }
  Computation(const Computation &) = delete;
  Computation &operator=(const Computation &) = delete;

  Record run(const variable_list &given) const {
    const at::AutoGradMode recording(true);
    Record record;
    std::vector<CTorchTensorRef> inputs;
    for (const at::Tensor &x : given) {
      record.inputs.push_back(x.defined() ? x.detach().set_requires_grad(x.requires_grad()) : x);
      inputs.push_back(ctorch::handle(record.inputs.back()));
    }
    CTorchTensorRef outputs[capacity];
    const int64_t count =
        body.compute(body.context, inputs.data(), int64_t(inputs.size()), outputs, capacity);
    for (int64_t i = 0; i < count; i++) {
      record.outputs.push_back(ctorch::tensor(outputs[i]));
      if (outputs[i]) ctorch_release(outputs[i]);
    }
    return record;
  }

 private:
  const CTorchComputation body;
};

// The edges to all tensors outside of a computation that it was recorded with, beside its inputs:
// parameters. What has a past outside would be left out without a word.
edge_list leaves(const Computation::Record &record, uint64_t start) {
  std::unordered_set<const autograd::Node *> seen;
  for (const at::Tensor &x : record.inputs) {
    if (!x.defined() || !x.requires_grad()) continue;
    if (auto own = autograd::impl::try_get_grad_accumulator(x)) seen.insert(own.get());
  }
  edge_list found;
  std::vector<Edge> waiting;
  const auto look = [&](const Edge &edge) {
    if (edge.function && seen.insert(edge.function.get()).second) waiting.push_back(edge);
  };
  for (const at::Tensor &y : record.outputs) {
    if (y.defined() && y.requires_grad()) look(autograd::impl::gradient_edge(y));
  }
  while (!waiting.empty()) {
    const Edge edge = waiting.back();
    waiting.pop_back();
    if (dynamic_cast<const autograd::AccumulateGrad *>(edge.function.get())) {
      found.emplace_back(edge.function, 0);
      continue;
    }
    TORCH_CHECK(edge.function->sequence_nr() >= start,
                "a checkpointed computation uses a recorded tensor that is not among its inputs");
    for (const Edge &next : edge.function->next_edges()) look(next);
  }
  return found;
}

// The reverse of a checkpointed computation: does it again and differentiates it.
struct CheckpointBackward : public autograd::Node {
  CheckpointBackward(edge_list &&edges, variable_list &&given,
                     std::shared_ptr<const Computation> computation)
      : Node(std::move(edges)), given(std::move(given)), computation(std::move(computation)) {}

  std::string name() const override { return "CheckpointBackward"; }

  variable_list apply(variable_list &&gradients) override {
    TORCH_CHECK(computation, "a checkpointed computation is differentiated a second time");
    TORCH_CHECK(!c10::GradMode::is_enabled(), "checkpointed computations are differentiated once");
    std::vector<size_t> wanted;
    for (size_t i = 0; i < num_outputs(); i++) {
      if (task_should_compute_output(i)) wanted.push_back(i);
    }
    const Computation::Record record = computation->run(given);
    edge_list roots, ends;
    variable_list weights;
    for (size_t i = 0; i < record.outputs.size(); i++) {
      if (!gradients[i].defined() || !record.outputs[i].requires_grad()) continue;
      roots.push_back(autograd::impl::gradient_edge(record.outputs[i]));
      weights.push_back(gradients[i]);
    }
    for (const size_t i : wanted) {
      ends.push_back(i < given.size() ? autograd::impl::gradient_edge(record.inputs[i])
                                      : next_edge(i));
    }
    variable_list results(num_outputs());
    if (roots.empty() || ends.empty()) return results;
    variable_list found = autograd::Engine::get_default_engine().execute(
        roots, weights, /*keep_graph=*/false, /*create_graph=*/false, /*accumulate_grad=*/false,
        ends);
    for (size_t i = 0; i < wanted.size(); i++) results[wanted[i]] = std::move(found[i]);
    return results;
  }

  void release_variables() override {
    given.clear();
    computation.reset();
  }

 private:
  // Without their past, but with whether gradients are wanted.
  variable_list given;
  std::shared_ptr<const Computation> computation;
};

}  // namespace

int64_t ctorch_checkpointed(CTorchComputation body, const CTorchTensorRef *inputs,
                            int64_t inputCount, CTorchTensorRef *outputs, int64_t outputCapacity,
                            CTorchError *error) {
  const auto computation = std::make_shared<const Computation>(body);
  return ctorch::guarded(error, int64_t(-1), [&] {
    ctorch::useThreadCount();
    const uint64_t start = at::sequence_number::peek();
    edge_list edges;
    variable_list given;
    for (int64_t i = 0; i < inputCount; i++) {
      const at::Tensor x = ctorch::tensor(inputs[i]);
      const bool isRecorded = x.defined() && x.requires_grad();
      edges.push_back(isRecorded ? autograd::impl::gradient_edge(x) : Edge());
      given.push_back(x.defined() ? x.detach().set_requires_grad(isRecorded) : x);
    }
    const Computation::Record record = computation->run(given);
    // Never is more held while the computation runs forwards.
    ctorch::lookAtMemory();
    for (Edge &leaf : leaves(record, start)) edges.push_back(std::move(leaf));
    const c10::intrusive_ptr<autograd::Node> node = c10::make_intrusive<CheckpointBackward>(
        std::move(edges), std::move(given), computation);
    const int64_t count = int64_t(record.outputs.size());
    TORCH_CHECK(count <= outputCapacity, "a computation of ", count, " tensors, at most ",
                outputCapacity, " expected");
    for (int64_t i = 0; i < count; i++) {
      const at::Tensor &y = record.outputs[i];
      at::Tensor made = y.defined() ? y.variable_data() : y;
      const bool isRecorded = y.defined() && y.requires_grad();
      autograd::set_history(isRecorded ? made : at::Tensor(), node);
      outputs[i] = ctorch::handle(std::move(made));
    }
    return count;
  });
}
