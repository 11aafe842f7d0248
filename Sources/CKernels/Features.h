// Functions compiled once for each level of processor features, chosen when the program starts.

#pragma once

// Levels are those of the x86-64 ABI, which are lists of features: the third has AVX2 and fused
// multiply-add, the fourth AVX-512 for registers of any width. A name such as "arch=haswell" stands
// for processors of that one make, and leaves all others with the plain code.
#if defined(__x86_64__) && defined(__linux__)
#define CKERNELS_FOR_EACH_LEVEL \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CKERNELS_FOR_EACH_LEVEL
#endif

// Must become part of the function that is compiled for a level.
#define CKERNELS_INLINE __attribute__((always_inline)) inline

namespace ckernels {
// Whether the processor multiplies two numbers in bfloat16 at once and adds them to one in float32.
bool hasPairs();
}  // namespace ckernels
