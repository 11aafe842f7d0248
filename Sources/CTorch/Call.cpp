// The one call: from C values to the dispatcher's boxed stack and back.

#include <ATen/core/ivalue.h>

#include <iterator>
#include <sstream>

#include "Failure.h"
#include "Handles.h"
#include "Operators.h"

namespace ctorch {
namespace {

c10::IValue tensorList(const CTorchValue &value, const Parameter &parameter) {
  if (parameter.hasOptionalElements) {
    c10::List<std::optional<at::Tensor>> list;
    for (int64_t i = 0; i < value.count; i++) {
      const at::Tensor element = tensor(value.tensors[i]);
      list.push_back(element.defined() ? std::optional(element) : std::nullopt);
    }
    return list;
  }
  c10::List<at::Tensor> list;
  for (int64_t i = 0; i < value.count; i++) {
    TORCH_CHECK(value.tensors[i] != nullptr, "a missing tensor in a list that allows none");
    list.push_back(tensor(value.tensors[i]));
  }
  return list;
}

// Numbers as the schema wants them: floating-point, or of any type, or of any type and some missing.
c10::IValue numberList(const CTorchValue &value, const Parameter &parameter) {
  const c10::ArrayRef<double> numbers(value.reals, value.count);
  if (parameter.elementKind == c10::TypeKind::FloatType) return c10::List<double>(numbers);
  if (!parameter.hasOptionalElements) {
    c10::List<at::Scalar> list;
    for (const double number : numbers) list.push_back(number);
    return list;
  }
  c10::List<std::optional<at::Scalar>> list;
  for (const double number : numbers) list.push_back(at::Scalar(number));
  return list;
}

const char *described(CTorchTag tag) {
  constexpr const char *names[] = {"the default",
                                   "none",
                                   "a bool",
                                   "an integer",
                                   "a number",
                                   "a string",
                                   "a tensor",
                                   "a list of integers",
                                   "a list of numbers",
                                   "a list of bools",
                                   "a list of tensors",
                                   "a device",
                                   "a generator"};
  return tag >= 0 && tag < std::size(names) ? names[tag] : "a value of unknown type";
}

c10::IValue convert(const CTorchValue &value, const Parameter &parameter) {
  const c10::Argument &argument = *parameter.schema;
  TORCH_CHECK(parameter.accepts(value.tag), "argument `", argument.name(), "` is ",
              described(value.tag), ", expected ", argument.type()->repr_str());
  switch (value.tag) {
    case CTorchTagDefault:
      TORCH_CHECK(argument.default_value().has_value(), "argument `", argument.name(),
                  "` has no default");
      return *argument.default_value();
    case CTorchTagNone: return {};
    case CTorchTagBool: return value.boolean;
    case CTorchTagInt:
      if (parameter.kind == c10::TypeKind::FloatType) return static_cast<double>(value.integer);
      return value.integer;
    case CTorchTagDouble: return value.real;
    case CTorchTagString: return std::string(value.string);
    case CTorchTagTensor: return tensor(value.tensor);
    case CTorchTagIntList: return c10::List<int64_t>(c10::IntArrayRef(value.integers, value.count));
    case CTorchTagDoubleList: return numberList(value, parameter);
    case CTorchTagBoolList:
      return c10::List<bool>(c10::ArrayRef<bool>(value.booleans, value.count));
    case CTorchTagTensorList: return tensorList(value, parameter);
    case CTorchTagDevice: return c10::Device(value.string);
    case CTorchTagGenerator: return generator(value.generator);
  }
  TORCH_CHECK(false, "a value with the unknown tag ", static_cast<int>(value.tag));
}

void describe(std::ostream &text, CTorchTensorRef handle) {
  if (handle == nullptr) {
    text << "none";
    return;
  }
  const at::Tensor t = tensor(handle);
  text << c10::toString(t.scalar_type()) << t.sizes();
}

// The operator's name and the shapes of its tensors, for an error's end.
std::string context(const char *name, const CTorchValue *arguments, int64_t count) {
  std::ostringstream text;
  text << " (" << name << ":";
  for (int64_t i = 0; i < count; i++) {
    text << (i == 0 ? " " : ", ");
    switch (arguments[i].tag) {
      case CTorchTagTensor: describe(text, arguments[i].tensor); break;
      case CTorchTagTensorList:
        text << "{";
        for (int64_t j = 0; j < arguments[i].count; j++) {
          if (j > 0) text << ", ";
          describe(text, arguments[i].tensors[j]);
        }
        text << "}";
        break;
      case CTorchTagInt: text << arguments[i].integer; break;
      case CTorchTagDouble: text << arguments[i].real; break;
      case CTorchTagBool: text << (arguments[i].boolean ? "true" : "false"); break;
      case CTorchTagIntList:
        text << c10::IntArrayRef(arguments[i].integers, arguments[i].count);
        break;
      default: text << "-";
    }
  }
  text << ")";
  return text.str();
}

void append(const c10::IValue &value, std::vector<at::Tensor> &results) {
  if (value.isTensor()) {
    results.push_back(value.toTensor());
  } else {
    TORCH_CHECK(value.isTensorList(), "a result of type ", value.tagKind(),
                "; only tensors can be returned");
    for (const at::Tensor &t : value.toTensorVector()) results.push_back(t);
  }
}

int64_t call(const char *name, const CTorchValue *arguments, int64_t count,
             CTorchTensorRef *results, int64_t capacity) {
  useThreadCount();
  const Operator &op = find(name);
  const std::vector<Parameter> &expected = op.parameters;
  TORCH_CHECK(count <= static_cast<int64_t>(expected.size()), "takes at most ", expected.size(),
              " arguments, got ", count);
  torch::jit::Stack stack;
  stack.reserve(expected.size());
  const CTorchValue missing = {CTorchTagDefault, {}, 0};
  for (size_t i = 0; i < expected.size(); i++) {
    stack.push_back(convert(static_cast<int64_t>(i) < count ? arguments[i] : missing, expected[i]));
  }
  op.handle.callBoxed(stack);
  std::vector<at::Tensor> tensors;
  tensors.reserve(stack.size());
  for (const c10::IValue &value : stack) append(value, tensors);
  TORCH_CHECK(static_cast<int64_t>(tensors.size()) <= capacity, "returned ", tensors.size(),
              " tensors, expected at most ", capacity);
  for (const at::Tensor &t : tensors)
    TORCH_CHECK(t.defined(), "returned a tensor that is not defined");
  for (size_t i = 0; i < tensors.size(); i++) results[i] = handle(std::move(tensors[i]));
  return static_cast<int64_t>(tensors.size());
}

}  // namespace
}  // namespace ctorch

int64_t ctorch_call(const char *name, const CTorchValue *arguments, int64_t argumentCount,
                    CTorchTensorRef *results, int64_t resultCapacity, CTorchError *error) {
  return ctorch::guarded(
      error, int64_t(-1),
      [&] { return ctorch::call(name, arguments, argumentCount, results, resultCapacity); },
      [&] { return ctorch::context(name, arguments, argumentCount); });
}
