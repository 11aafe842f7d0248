// Memory of large tensors, which stays ours when they are freed: fresh pages cost as much time as the
// work on them. Programs ask for it once.
//
// All of it lies in one range of addresses. A tensor gets the lowest place that is large enough, so the
// range is hardly longer than the most that tensors have held at one time, and a program's memory
// peaks about where it would without. Tensors that would hold more than the machine has are refused
// before the system has no memory left for anybody.

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>
#include <unistd.h>

#include "CTorch.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>

#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <sys/sysinfo.h>
#endif

namespace {

constexpr size_t smallest = size_t(1) << 17;  // bytes; what is smaller is left to the system
constexpr size_t page = size_t(1) << 12;

size_t physicalMemory() {
  return size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE));
}

// The most that tensors may hold: the machine's memory and its swap space; where the system makes swap
// space as it is needed, twice the memory.
size_t largestTotal() {
#if defined(__linux__)
  struct sysinfo info;
  if (sysinfo(&info) == 0) return physicalMemory() + size_t(info.totalswap) * info.mem_unit;
#endif
  return 2 * physicalMemory();
}

class ReusedMemory final : public c10::Allocator {
 public:
  // The one that all tensors share. It lives as long as the process, since tensors may be freed while
  // that ends.
  static ReusedMemory &shared() {
    static auto *memory = new ReusedMemory;
    return *memory;
  }

  c10::DataPtr allocate(size_t bytes) override {
    void *memory = bytes < smallest ? nullptr : take((bytes + page - 1) / page * page);
    if (memory == nullptr) memory = c10::alloc_cpu(bytes);
    return {memory, memory, &giveBack, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &giveBack; }

  void copy_data(void *to, const void *from, size_t count) const override {
    default_copy_data(to, from, count);
  }

 private:
  // Takes the range of addresses, twice as long as what tensors may hold; the system fills it with pages
  // where it is used. None is taken where the system does not allow that, or limits addresses.
  ReusedMemory() {
    const size_t length = 2 * largestTotal();
    void *range = mmap(nullptr, length, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return;
#if defined(MADV_HUGEPAGE)
    madvise(range, length, MADV_HUGEPAGE);  // filled in a fraction of the time
#endif
    free[reinterpret_cast<uintptr_t>(range)] = length;
  }

  static void giveBack(void *memory) {
    if (!shared().put(reinterpret_cast<uintptr_t>(memory))) c10::free_cpu(memory);
  }

  // The lowest free place for whole pages; null if there is none. Throws if tensors would hold more
  // than the machine has.
  void *take(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex);
    TORCH_CHECK_WITH(OutOfMemoryError, bytes <= most - held, "a tensor of ", bytes,
                     " bytes does not fit beside the ", held, " that tensors hold: the machine has ",
                     most);
    for (auto place = free.begin(); place != free.end(); ++place) {
      if (place->second < bytes) continue;
      const auto [address, length] = *place;
      free.erase(place);
      if (length > bytes) free[address + bytes] = length - bytes;
      taken[address] = bytes;
      held += bytes;
      return reinterpret_cast<void *>(address);
    }
    return nullptr;
  }

  // Frees a place, and joins it with its free neighbours; false if it is none of ours.
  bool put(uintptr_t address) {
    if (address % page != 0) return false;
    const std::lock_guard<std::mutex> lock(mutex);
    const auto found = taken.find(address);
    if (found == taken.end()) return false;
    size_t length = found->second;
    held -= length;
    taken.erase(found);
    auto next = free.lower_bound(address);
    if (next != free.end() && next->first == address + length) {
      length += next->second;
      next = free.erase(next);
    }
    if (next != free.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == address) {
        before->second += length;
        return true;
      }
    }
    free[address] = length;
    return true;
  }

  const size_t most = largestTotal();
  size_t held = 0;  // bytes of all places that are taken
  std::mutex mutex;
  std::map<uintptr_t, size_t> free;             // places and their lengths, whole pages
  std::unordered_map<uintptr_t, size_t> taken;  // the same, of places that tensors hold
};

}  // namespace

// libtorch takes the allocator that was set with the highest priority; its own has 0. What oneDNN
// needs for a moment, such as weights in another order, comes from the system's: that keeps it, too.
void ctorch_reuse_memory(void) {
  c10::SetCPUAllocator(&ReusedMemory::shared(), 1);
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 25);  // bytes; the most that it takes
  mallopt(M_TRIM_THRESHOLD, 1 << 27);
#endif
}
