// When memory runs out: telling so from an exception, and a reserve for saying it.

#include <cstdlib>
#include <utility>

#include "Failure.h"

#if __has_include(<oneapi/dnnl/dnnl.hpp>)
#include <oneapi/dnnl/dnnl.hpp>
#define CTORCH_KNOWS_ONEDNN 1
#endif

// oneDNN says "could not create a primitive" of anything that it cannot create, for want of memory
// for the code that it makes as well as for shapes that it does not take. Only its status tells one
// from the other, so the text alone never counts.
bool ctorch::lacksMemory(const std::exception &exception) {
#ifdef CTORCH_KNOWS_ONEDNN
  const auto *error = dynamic_cast<const dnnl::error *>(&exception);
  return error != nullptr && error->status == dnnl_out_of_memory;
#else
  return false;
#endif
}

// Memory for saying that there is none: Swift cannot even make an error without. Nobody writes to it,
// so it takes addresses only.
static void *reserve = std::malloc(4 << 20);

void ctorch::freeReserve() { std::free(std::exchange(reserve, nullptr)); }
