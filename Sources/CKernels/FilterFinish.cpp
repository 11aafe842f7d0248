// The low-pass filters of StyleGAN where no gradients are needed, finished in the same pass over
// memory.

#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include <optional>

#include "ChannelFilter.h"
#include "Epilogues.h"
#include "ResamplingAxis.h"

namespace ckernels {
namespace {

at::Tensor filterFinish(const at::Tensor &xIn, const at::Tensor &filterIn, at::IntArrayRef padding,
                        const Optional &scale, const Optional &noise, const Optional &noiseWeight,
                        const Optional &bias, double slope, double gain,
                        std::optional<double> clamp) {
  const char *name = "filter_finish";
  TORCH_CHECK(xIn.dim() == 4 && filterIn.dim() == 2 && padding.size() == 4 &&
                  xIn.scalar_type() == at::kFloat && xIn.size(1) % channelLanes == 0,
              name, ": x of sizes ", xIn.sizes(), " and a filter of ", filterIn.sizes(),
              ", expected float32 with a multiple of ", channelLanes, " channels");
  const at::Tensor x = channelsLast(xIn), filter = filterIn.to(at::kFloat).contiguous();
  const ResamplingAxis across(name, x.size(3), filter.size(1), 1, 1, padding[0], padding[1]);
  const ResamplingAxis down(name, x.size(2), filter.size(0), 1, 1, padding[2], padding[3]);
  const at::Tensor y = emptyImages(x, x.size(1), down.outputs, across.outputs);
  const Epilogues epilogues(name, x, y.sizes(), scale, noise, noiseWeight, bias, slope, gain,
                            clamp);
  filterChannelsLast(x, y, filter.const_data_ptr<float>(), across, down, &epilogues);
  return y;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def(
      "filter_finish(Tensor x, Tensor filter, int[4] padding, Tensor? scale, Tensor? noise, "
      "Tensor? noise_weight, Tensor? bias, float slope, float gain, float? clamp) -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) { library.impl("filter_finish", filterFinish); }

}  // namespace ckernels
