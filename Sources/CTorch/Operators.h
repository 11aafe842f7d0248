// Operators as the one call needs them: looked up once, with what each argument accepts.

#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <vector>

#include "CTorch.h"

namespace ctorch {

// What one argument of an operator accepts, worked out from its schema.
struct Parameter {
  explicit Parameter(const c10::Argument &argument);

  // Whether a value with this tag can stand here. libtorch's kernels trust the stack.
  bool accepts(CTorchTag tag) const;

  const c10::Argument *schema;  // lives as long as the operator
  c10::TypeKind kind;           // of the value, whether it may be missing or not
  bool isOptional;
  c10::TypeKind elementKind;  // of a list
  bool hasOptionalElements;
};

struct Operator {
  explicit Operator(c10::OperatorHandle found);

  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
};

// The operator called `name`, looked up once for each address of a name and thread.
const Operator &find(const char *name);

}  // namespace ctorch
