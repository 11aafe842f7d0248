// Functions compiled once for each level of processor features, chosen when the program starts.

#pragma once

// Levels are named by features: a name such as "arch=haswell" stands for processors of that one
// make, and leaves all others with the plain code.
#if defined(__x86_64__) && defined(__linux__)
#define CKERNELS_FOR_EACH_LEVEL __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define CKERNELS_FOR_EACH_LEVEL
#endif

// Must become part of the function that is compiled for a level.
#define CKERNELS_INLINE __attribute__((always_inline)) inline
