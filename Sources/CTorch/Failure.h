// How C++ exceptions become the one-line errors of CTorch.h.

#pragma once

#include <c10/util/Exception.h>

#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "CTorch.h"

namespace ctorch {

// Writes the first line of `text`, cut to the room there is.
inline void write(CTorchError *error, const std::string &text, bool outOfMemory = false) {
  if (error == nullptr) return;
  const std::string line = text.substr(0, text.find('\n'));
  std::strncpy(error->text, line.c_str(), sizeof(error->text) - 1);
  error->text[sizeof(error->text) - 1] = '\0';
  error->outOfMemory = outOfMemory;
}

// libtorch's CPU allocator reports a failed allocation as a plain error that says so.
inline bool saysOutOfMemory(const std::string &text) {
  return text.find("can't allocate memory") != std::string::npos ||
         text.find("not enough memory") != std::string::npos;
}

// Runs `body`; any exception at all is written into `error`, followed by `context()`, and `failed` is returned.
template <typename Result, typename Body, typename Context>
Result guarded(CTorchError *error, Result failed, Body body, Context context) {
  std::string text;
  bool outOfMemory = false;
  try {
    return body();
  } catch (const c10::OutOfMemoryError &e) {
    text = e.what_without_backtrace();
    outOfMemory = true;
  } catch (const c10::Error &e) {
    text = e.what_without_backtrace();
    outOfMemory = saysOutOfMemory(text);
  } catch (const std::bad_alloc &e) {
    text = "out of memory";
    outOfMemory = true;
  } catch (const std::exception &e) {
    text = e.what();
  } catch (...) {
    text = "an exception of unknown type";
  }
  text = text.substr(0, text.find('\n'));
  write(error, text + context(), outOfMemory);
  return failed;
}

template <typename Result, typename Body>
Result guarded(CTorchError *error, Result failed, Body body) {
  return guarded(error, failed, body, [] { return std::string(); });
}

}  // namespace ctorch
