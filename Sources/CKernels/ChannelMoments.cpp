// Means and variances of the channels of tokens: one pass over memory.

#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "Features.h"
#include "Parallel.h"

namespace ckernels {
namespace {

// Tokens that are summed by themselves: they stay in the cache for the second look at them.
constexpr int64_t blockLength = 256;

// The means of a block's channels, and the sums of squared distances from them.
template <typename Scalar, typename Acc>
CKERNELS_INLINE void blockMoments(const Scalar *tokens, int64_t count, int64_t channels, Acc *means,
                                  Acc *squares) {
  std::fill(means, means + channels, Acc(0));
  std::fill(squares, squares + channels, Acc(0));
  // Distances from the first token, which are summed with smaller roundings than the numbers are.
  for (int64_t t = 1; t < count; t++) {
    for (int64_t c = 0; c < channels; c++)
      means[c] += static_cast<Acc>(tokens[t * channels + c]) - static_cast<Acc>(tokens[c]);
  }
  for (int64_t c = 0; c < channels; c++)
    means[c] = means[c] / static_cast<Acc>(count) + static_cast<Acc>(tokens[c]);
  for (int64_t t = 0; t < count; t++) {
    for (int64_t c = 0; c < channels; c++) {
      const Acc distance = static_cast<Acc>(tokens[t * channels + c]) - means[c];
      squares[c] += distance * distance;
    }
  }
}

#define CKERNELS_MOMENTS(Scalar, Acc, LEVELS)                                              \
  LEVELS void moments(const Scalar *tokens, int64_t count, int64_t channels, Acc *means,   \
                      Acc *squares) {                                                      \
    blockMoments(tokens, count, channels, means, squares);                                 \
  }
CKERNELS_MOMENTS(float, float, CKERNELS_FOR_EACH_LEVEL)
CKERNELS_MOMENTS(double, double, )
CKERNELS_MOMENTS(at::BFloat16, float, CKERNELS_FOR_EACH_LEVEL)
CKERNELS_MOMENTS(at::Half, float, CKERNELS_FOR_EACH_LEVEL)
#undef CKERNELS_MOMENTS

// Means and variances over the tokens of x [N, P, C], each [N, 1, C]: blocks by themselves, then
// joined in their order, so that the sums are the same for any number of threads.
std::tuple<at::Tensor, at::Tensor> channelMoments(const at::Tensor &xIn) {
  TORCH_CHECK(xIn.dim() == 3 && xIn.size(1) > 0, "channel_moments: x of sizes ", xIn.sizes(),
              ", expected [N, P, C] with P from 1 on");
  const at::Tensor x = xIn.contiguous();
  const int64_t n = x.size(0), p = x.size(1), channels = x.size(2);
  const int64_t blocks = (p + blockLength - 1) / blockLength;
  const auto options = x.options().dtype(at::toOpMathType(x.scalar_type()));
  const at::Tensor parts = at::empty({n, blocks, 2, channels}, options);
  const at::Tensor variance = at::empty({n, 1, channels}, options);
  const at::Tensor mean = at::empty({n, 1, channels}, options);
  AT_DISPATCH_FLOATING_TYPES_AND2(
      at::kHalf, at::kBFloat16, x.scalar_type(), "channel_moments", [&] {
        using Acc = at::opmath_type<scalar_t>;
        const scalar_t *tokens = x.const_data_ptr<scalar_t>();
        Acc *part = parts.mutable_data_ptr<Acc>();
        Acc *means = mean.mutable_data_ptr<Acc>(), *variances = variance.mutable_data_ptr<Acc>();
        forEachRow(n * blocks, blockLength * channels, [&](int64_t index) {
          const int64_t sample = index / blocks, first = index % blocks * blockLength;
          Acc *to = part + index * 2 * channels;
          moments(tokens + (sample * p + first) * channels, std::min(blockLength, p - first),
                  channels, to, to + channels);
        });
        forEachRow(n, blocks * channels, [&](int64_t sample) {
          std::vector<double> joined(channels, 0), squares(channels, 0);
          double count = 0;
          for (int64_t block = 0; block < blocks; block++) {
            const Acc *from = part + (sample * blocks + block) * 2 * channels;
            const double more = std::min(blockLength, p - block * blockLength);
            const double share = more / (count + more);
            for (int64_t c = 0; c < channels; c++) {
              const double distance = from[c] - joined[c];
              joined[c] += distance * share;
              squares[c] += from[channels + c] + distance * distance * count * share;
            }
            count += more;
          }
          for (int64_t c = 0; c < channels; c++) {
            means[sample * channels + c] = static_cast<Acc>(joined[c]);
            variances[sample * channels + c] = static_cast<Acc>(squares[c] / count);
          }
        });
      });
  return {variance, mean};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def("channel_moments(Tensor x) -> (Tensor, Tensor)");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) { library.impl("channel_moments", channelMoments); }

}  // namespace ckernels
