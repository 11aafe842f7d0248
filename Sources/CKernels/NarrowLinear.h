// Products of tokens and a matrix in bfloat16, summed in float32: what the loops for processors
// that multiply pairs of such numbers take.

#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

namespace ckernels {

// Outputs that a panel of the matrix holds side by side.
constexpr int64_t panelWidth = 64;

// Some tokens and a panel of the matrix. A pair is two neighbouring numbers of 16 bits, the first
// of which is in the low bits.
struct NarrowProducts {
  const uint32_t *tokens;  // [token, pair], lines `tokenStep` apart
  int64_t tokenStep, count;
  const uint32_t *panel;  // [pair, output]
  int64_t pairs;
  const float *biases;   // [output], or null
  bool gelu;             // whether results go through GELU
  const float *summand;  // [token, output], or null; lines `step` apart, as those of results
  int64_t step;
  float *wide;            // results [token, output], or null
  c10::BFloat16 *narrow;  // results where `wide` is null
};

// The matrix's rows for a panel, `inputs` numbers each, times factors of rows and of columns where
// there are any, rounded: [pair, output].
void packPanel(uint32_t *to, const float *rows, const float *rowFactors,
               const float *columnFactors, int64_t inputs);
// Numbers of a token, rounded; times factors plus summands where there are any.
void packNumbers(uint32_t *to, const float *from, const float *factors, const float *summands,
                 int64_t count);
void multiplyPanel(const NarrowProducts &products);

}  // namespace ckernels
