// Memory for what a thread packs.

#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace ckernels {
namespace {

// Memory that begins with a line of the cache, as do all packed rows of 16 columns.
template <typename T>
struct CacheLines {
  static constexpr std::align_val_t alignment{64};
  using value_type = T;

  CacheLines() = default;
  template <typename Other>
  CacheLines(const CacheLines<Other> &) {}

  T *allocate(size_t count) {
    return static_cast<T *>(::operator new(count * sizeof(T), alignment));
  }
  void deallocate(T *memory, size_t) { ::operator delete(memory, alignment); }
  bool operator==(const CacheLines &) const { return true; }
};

template <typename Acc>
using Buffer = std::vector<Acc, CacheLines<Acc>>;

}  // namespace
}  // namespace ckernels
