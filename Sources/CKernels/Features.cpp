// Which level of processor features was chosen, and what else the processor can do.

#include "Features.h"

#include "CKernels.h"

// Asks what the choice among the clones of CKERNELS_FOR_EACH_LEVEL asks.
const char *ckernels_feature_level(void) {
#if defined(__x86_64__) && defined(__linux__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return "AVX512";
  if (__builtin_cpu_supports("x86-64-v3")) return "AVX2";
#endif
  return "plain";
}

namespace ckernels {
bool hasPairs() {
#if defined(__x86_64__) && defined(__linux__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}
}  // namespace ckernels

bool ckernels_multiplies_pairs(void) { return ckernels::hasPairs(); }
