// Random generators with their states, threads, and what the machine and libtorch are.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <atomic>
#include <mutex>
#include <string>

#include "Failure.h"
#include "Handles.h"

using ctorch::generator;
using ctorch::guarded;

CTorchGeneratorRef ctorch_generator_new(const char *device, uint64_t seed, CTorchError *error) {
  return guarded(error, CTorchGeneratorRef(nullptr), [&] {
    const c10::Device place(device);
    at::Generator made = place.is_cpu() ? at::make_generator<at::CPUGeneratorImpl>(seed)
                                        : at::globalContext().defaultGenerator(place).clone();
    made.set_current_seed(seed);
    return reinterpret_cast<CTorchGeneratorRef>(new at::Generator(std::move(made)));
  });
}

void ctorch_generator_release(CTorchGeneratorRef handle) { delete &generator(handle); }

CTorchTensorRef ctorch_generator_state(CTorchGeneratorRef handle, CTorchError *error) {
  return guarded(error, CTorchTensorRef(nullptr), [&] {
    const std::lock_guard<std::mutex> lock(generator(handle).mutex());
    return ctorch::handle(generator(handle).get_state());
  });
}

bool ctorch_generator_set_state(CTorchGeneratorRef handle, CTorchTensorRef state,
                                CTorchError *error) {
  return guarded(error, false, [&] {
    const std::lock_guard<std::mutex> lock(generator(handle).mutex());
    generator(handle).set_state(ctorch::tensor(state));
    return true;
  });
}

namespace ctorch {
namespace {
std::atomic<int32_t> threadCount = 0;  // 0 until one is set
}

void useThreadCount() {
  thread_local int32_t used = 0;
  const int32_t wanted = threadCount.load(std::memory_order_relaxed);
  if (wanted == used) return;
  at::set_num_threads(wanted);
  used = wanted;
}

}  // namespace ctorch

int32_t ctorch_thread_count(void) {
  ctorch::useThreadCount();
  return at::get_num_threads();
}

void ctorch_set_thread_count(int32_t count) { ctorch::threadCount = count; }

bool ctorch_cuda_is_available(void) { return at::globalContext().hasCUDA(); }
const char *ctorch_version(void) { return TORCH_VERSION; }

const char *ctorch_cpu_capability(void) {
  static const std::string capability = at::get_cpu_capability();
  return capability.c_str();
}

const char *ctorch_build_description(void) {
  static const std::string description = at::show_config();
  return description.c_str();
}

const char *ctorch_library_path(void) {
  static Dl_info place;
  const auto function = reinterpret_cast<const void *>(&at::show_config);
  return dladdr(function, &place) != 0 ? place.dli_fname : nullptr;
}
