// How C++ exceptions become the one-line errors of CTorch.h.

#pragma once

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "CTorch.h"

namespace ctorch {

// Gives back the memory that is kept for saying that there is none left.
void freeReserve();

// Writes `text`, cut to the room there is.
inline void write(CTorchError *error, const std::string &text, bool outOfMemory = false) {
  if (error == nullptr) return;
  std::strncpy(error->text, text.c_str(), sizeof(error->text) - 1);
  error->text[sizeof(error->text) - 1] = '\0';
  error->outOfMemory = outOfMemory;
}

// libtorch's CPU allocator reports a failed allocation as a plain error that says so.
inline bool saysOutOfMemory(const std::string &text) {
  return text.find("can't allocate memory") != std::string::npos ||
         text.find("not enough memory") != std::string::npos;
}

// Whether an exception of a library below libtorch, such as oneDNN, means that memory ran out.
bool lacksMemory(const std::exception &exception);

// Removes everything up to and with the first `mark` at or after `from`, if there is one and
// something follows it.
inline void dropThrough(std::string &text, const char *mark, size_t from = 0) {
  const size_t place = text.find(mark, from);
  if (place == std::string::npos || place + std::strlen(mark) >= text.size()) return;
  text.erase(0, place + std::strlen(mark));
}

// What libtorch's exception says to people: its first line, without source files, failed conditions
// and the lists of all backends that libtorch knows.
inline std::string sentence(std::string text) {
  text.erase(0, std::min(text.find_first_not_of(" \n\r\t"), text.size()));
  text.erase(std::min(text.find_first_of("\n\r"), text.size()));
  if (text.rfind("[enforce fail at ", 0) == 0) dropThrough(text, ". ", text.find(']'));
  dropThrough(text, "please report a bug to PyTorch. ");
  for (const char *mark :
       {" This could be because ", "  Available functions are ", "  This usually means "}) {
    text.erase(std::min(text.find(mark), text.size()));
  }
  return text.empty() ? "an exception without a text" : text;
}

// Runs `body`; any exception at all is written into `error`, followed by `context()`, and `failed`
// is returned.
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
    outOfMemory = lacksMemory(e);
  } catch (...) {
    text = "an exception of unknown type";
  }
  if (outOfMemory) freeReserve();
  try {
    write(error, sentence(text) + context(), outOfMemory);
  } catch (...) {
    freeReserve();
    write(error, "out of memory", true);
  }
  return failed;
}

template <typename Result, typename Body>
Result guarded(CTorchError *error, Result failed, Body body) {
  return guarded(error, failed, body, [] { return std::string(); });
}

}  // namespace ctorch
