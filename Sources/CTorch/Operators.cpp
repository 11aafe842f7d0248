// Looking operators up, and what their arguments accept.

#include "Operators.h"

#include <c10/util/Exception.h>

#include <optional>
#include <string>
#include <unordered_map>

namespace ctorch {
namespace {

bool isOptionalType(const c10::TypePtr &type) {
  return type->kind() == c10::TypeKind::OptionalType;
}

// What an optional type holds, or the type itself.
c10::TypePtr unwrapped(const c10::TypePtr &type) {
  return isOptionalType(type) ? type->expectRef<c10::OptionalType>().getElementType() : type;
}

}  // namespace

Parameter::Parameter(const c10::Argument &argument)
    : schema(&argument),
      isOptional(isOptionalType(argument.type())),
      elementKind(c10::TypeKind::NoneType),
      hasOptionalElements(false) {
  const c10::TypePtr type = unwrapped(argument.type());
  kind = type->kind();
  if (kind != c10::TypeKind::ListType) return;
  const c10::TypePtr element = type->expectRef<c10::ListType>().getElementType();
  elementKind = unwrapped(element)->kind();
  hasOptionalElements = isOptionalType(element);
}

bool Parameter::accepts(CTorchTag tag) const {
  const bool isNumber = kind == c10::TypeKind::NumberType;
  switch (tag) {
    case CTorchTagDefault: return true;
    case CTorchTagNone: return isOptional;
    case CTorchTagBool: return kind == c10::TypeKind::BoolType || isNumber;
    case CTorchTagInt:
      return kind == c10::TypeKind::IntType || kind == c10::TypeKind::FloatType || isNumber;
    case CTorchTagDouble: return kind == c10::TypeKind::FloatType || isNumber;
    case CTorchTagString: return kind == c10::TypeKind::StringType;
    case CTorchTagTensor: return kind == c10::TypeKind::TensorType;
    case CTorchTagIntList: return elementKind == c10::TypeKind::IntType;
    case CTorchTagDoubleList:
      return elementKind == c10::TypeKind::FloatType || elementKind == c10::TypeKind::NumberType;
    case CTorchTagBoolList: return elementKind == c10::TypeKind::BoolType;
    case CTorchTagTensorList: return elementKind == c10::TypeKind::TensorType;
    case CTorchTagDevice: return kind == c10::TypeKind::DeviceObjType;
    case CTorchTagGenerator: return kind == c10::TypeKind::GeneratorType;
  }
  return false;
}

Operator::Operator(c10::OperatorHandle found) : handle(found) {
  for (const c10::Argument &argument : handle.schema().arguments()) {
    parameters.emplace_back(argument);
  }
}

namespace {

std::optional<c10::OperatorHandle> lookUp(const std::string &text) {
  const size_t dot = text.find('.');
  const std::string overload = dot == std::string::npos ? "" : text.substr(dot + 1);
  return c10::Dispatcher::singleton().findSchema({text.substr(0, dot), overload});
}

}  // namespace

const Operator &find(const char *name) {
  thread_local std::unordered_map<const char *, Operator> known;
  const auto place = known.find(name);
  if (place != known.end()) return place->second;
  const auto found = lookUp(name);
  TORCH_CHECK(found.has_value(), "there is no operator of this name");
  return known.emplace(name, Operator(*found)).first->second;
}

}  // namespace ctorch

bool ctorch_has_operator(const char *name) { return ctorch::lookUp(name).has_value(); }
