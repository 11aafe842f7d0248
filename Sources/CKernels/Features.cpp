// Which level of processor features was chosen.

#include "Features.h"

#include "CKernels.h"

// Versions of one function, of which one is chosen as among the clones of CKERNELS_FOR_EACH_LEVEL.
namespace {
#if defined(__x86_64__) && defined(__linux__)
__attribute__((target("avx512f"))) const char *level() { return "AVX512"; }
__attribute__((target("avx2"))) const char *level() { return "AVX2"; }
__attribute__((target("default"))) const char *level() { return "plain"; }
#else
const char *level() { return "plain"; }
#endif
}  // namespace

const char *ckernels_feature_level(void) { return level(); }
