// Stylist's own operators, called through libtorch's dispatcher under these names: the first nine
// with gradients of any order, the tenth with first gradients, the others with none.
//
//   stylist::affine_sample(Tensor x, Tensor matrices, int[2] size)
//
//   stylist::affine_spread(Tensor y, Tensor matrices, int[2] size)
//
//   stylist::upfirdn2d(Tensor x, Tensor filter, int[2] up, int[2] down, int[4] padding,
//                      bool flip_filter, float gain)
//
//   stylist::bias_act(Tensor x, Tensor? bias, int axis, float slope, float gain, float? clamp)
//
//   stylist::conv3x3(Tensor x, Tensor weight, Tensor? bias, int stride)
//
//   stylist::conv3x3_transpose(Tensor y, Tensor weight, int stride)
//
//   stylist::conv3x3_weight_grad(Tensor x, Tensor y, int stride)
//
//   stylist::linear(Tensor x, Tensor weight, Tensor? bias)
//
//   stylist::attention(Tensor q, Tensor k, Tensor v, float scale)
//
//   stylist::neighborhood_attention(Tensor q, Tensor k, Tensor v, Tensor? rpb, int kernel_size,
//                                   int dilation, float scale)
//
//   stylist::channel_moments(Tensor x)
//
//   stylist::winograd_conv(Tensor x, Tensor weight, Tensor? in_scale, Tensor? scale, Tensor? noise,
//                          Tensor? noise_weight, Tensor? bias, float slope, float gain, float? clamp)
//
//   stylist::winograd_conv_transpose(Tensor x, Tensor weight, Tensor? in_scale, bool mirrored)
//
//   stylist::filter_finish(Tensor x, Tensor filter, int[4] padding, Tensor? scale, Tensor? noise,
//                          Tensor? noise_weight, Tensor? bias, float slope, float gain, float? clamp)
//
//   stylist::squared_kernels(Tensor weight)
//
//   stylist::token_attention(Tensor q, Tensor k, Tensor v, float scale)
//
//   stylist::window_attention(Tensor q, Tensor k, Tensor v, Tensor biases, int size, int[] shifts,
//                             float scale)
//
//   stylist::styled_norm(Tensor x, Tensor styles, float epsilon, bool narrow)
//
//   stylist::scaled_tokens(Tensor x, Tensor factor, Tensor shift, bool narrow)
//
//   stylist::add_narrow(Tensor x, Tensor y, Tensor out)
//
//   stylist::placed_tokens(Tensor y, Tensor columns, Tensor rows)
//
//   stylist::finish_tokens(Tensor y, Tensor? noise, Tensor? strength, float slope, float? clamp,
//                          Tensor out)
//
//   stylist::enlarged_tokens(Tensor x, Tensor filter, Tensor? summand)
//
//   stylist::token_channels(Tensor x, Tensor matrices)
//
//   stylist::demodulation(Tensor weight, Tensor styles, float epsilon)
//
//   stylist::narrow_linear(Tensor x, Tensor weight, Tensor? bias, Tensor? factor, Tensor? shift,
//                          Tensor? rows, Tensor? columns, bool gelu, Tensor? summand, Tensor out)

#pragma once

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// Does nothing; calling it keeps this target, whose operators register themselves, in the program.
void ckernels_register(void);

// The level of processor features for which the functions in use were compiled: "AVX512", "AVX2" or
// "plain".
const char *ckernels_feature_level(void);

// Whether the processor multiplies pairs of numbers in bfloat16.
bool ckernels_multiplies_pairs(void);

#ifdef __cplusplus
}
#endif
