// Lists operators, and observes which of them are called.

#include "CalledOperators.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>

#include <memory>
#include <set>
#include <string>

namespace {

thread_local std::set<std::string> names;
thread_local std::string text;
thread_local at::CallbackHandle handle = 0;

const char *lines(const std::set<std::string> &all) {
  text.clear();
  for (const std::string &name : all) text += name + "\n";
  return text.c_str();
}

std::unique_ptr<at::ObserverContext> note(const at::RecordFunction &function) {
  names.insert(function.name());
  return nullptr;
}

}  // namespace

const char *called_operators_all(const char *library) {
  const std::string start = std::string(library) + "::";
  std::set<std::string> all;
  for (const c10::OperatorName &op : c10::Dispatcher::singleton().getAllOpNames())
    if (op.name.compare(0, start.size(), start) == 0) all.insert(op.name);
  return lines(all);
}

void called_operators_start() {
  names.clear();
  handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(note).scopes({at::RecordScope::FUNCTION}));
}

const char *called_operators_stop() {
  at::removeCallback(handle);
  return lines(names);
}
