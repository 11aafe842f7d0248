// Linear layers in bfloat16 whose tokens, weights and summands are in float32: rounding, what goes
// before and what follows are done as numbers are read and written.

#include "NarrowLinear.h"

#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "Buffer.h"
#include "Features.h"
#include "Parallel.h"

namespace ckernels {
namespace {

// Tokens that a thread takes at once: what is made of them stays in the second cache.
constexpr int64_t blockLength = 48;

// What numbers of a token must be a multiple of.
constexpr int64_t inputCount = 16;

using Optional = std::optional<at::Tensor>;

// Checks a tensor in float32 of these sizes, and gives its numbers; null for none.
const float *numbers(const char *name, const Optional &t, at::IntArrayRef sizes) {
  if (!t) return nullptr;
  TORCH_CHECK(t->scalar_type() == at::kFloat && t->sizes() == sizes && t->is_contiguous(),
              "narrow_linear: ", name, " in ", t->scalar_type(), " of sizes ", t->sizes(),
              ", expected contiguous float of ", sizes);
  return t->const_data_ptr<float>();
}

// The matrix [O, I] times factors of its rows and columns, as panels, [O / panelWidth, I / 2,
// panelWidth].
at::Tensor packed(const at::Tensor &weight, const float *rowFactors, const float *columnFactors) {
  const int64_t outputs = weight.size(0), inputs = weight.size(1), step = panelWidth * inputs;
  const at::Tensor panels = at::empty({outputs * inputs / 2}, weight.options());
  const float *rows = weight.const_data_ptr<float>();
  auto *to = reinterpret_cast<uint32_t *>(panels.mutable_data_ptr<float>());
  forEachRow(outputs / panelWidth, step, [&](int64_t panel) {
    packPanel(to + panel * step / 2, rows + panel * step,
              rowFactors ? rowFactors + panel * panelWidth : nullptr, columnFactors, inputs);
  });
  return panels;
}

// x [N, L, I] times factors and plus summands of each sample, [N, I], rounded; times weight [O, I],
// whose rows and columns have factors [O] and [I], rounded, plus bias [O]; through GELU; plus
// summand [N, L, O]. Written to `out`, which may be the summand.
at::Tensor &narrowLinear(const at::Tensor &x, const at::Tensor &weight, const Optional &bias,
                         const Optional &factor, const Optional &shift, const Optional &rows,
                         const Optional &columns, bool gelu, const Optional &summand,
                         at::Tensor &out) {
  TORCH_CHECK(x.dim() == 3 && x.is_contiguous() &&
                  (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16),
              "narrow_linear: x in ", x.scalar_type(), " of sizes ", x.sizes(),
              ", expected contiguous float or bfloat16 of [N, L, I]");
  const int64_t samples = x.size(0), length = x.size(1), inputs = x.size(2);
  TORCH_CHECK(hasPairs() && weight.dim() == 2 && weight.size(1) == inputs &&
                  inputs % inputCount == 0 && weight.size(0) % panelWidth == 0,
              "narrow_linear: x of sizes ", x.sizes(), " and a matrix of ", weight.sizes(),
              ", expected multiples of ", inputCount, " and ", panelWidth,
              ", and a processor that multiplies pairs of bfloat16");
  const int64_t outputs = weight.size(0);
  TORCH_CHECK(
      (out.scalar_type() == at::kFloat || out.scalar_type() == at::kBFloat16) &&
          out.sizes() == at::IntArrayRef({samples, length, outputs}) && out.is_contiguous(),
      "narrow_linear: results in ", out.scalar_type(), " of sizes ", out.sizes(), ", expected ",
      samples, " x ", length, " x ", outputs, ", contiguous");
  TORCH_CHECK(factor.has_value() == shift.has_value() && (!factor || x.scalar_type() == at::kFloat),
              "narrow_linear: factors and summands of tokens go together, with x in float32");
  numbers("a matrix", weight, {outputs, inputs});
  const float *factors = numbers("factors", factor, {samples, inputs});
  const float *shifts = numbers("summands of tokens", shift, {samples, inputs});
  const float *biases = numbers("a bias", bias, {outputs});
  const float *added = numbers("a summand", summand, out.sizes());
  const at::Tensor panels = packed(weight, numbers("factors of rows", rows, {outputs}),
                                   numbers("factors of columns", columns, {inputs}));
  const auto *panel = reinterpret_cast<const uint32_t *>(panels.const_data_ptr<float>());
  const bool isWide = x.scalar_type() == at::kFloat, isOutWide = out.scalar_type() == at::kFloat;
  // Lines do not start at multiples of large powers of two, which share places in the caches.
  const int64_t pairs = inputs / 2, tokenStep = pairs + 16;
  const int64_t blocks = (length + blockLength - 1) / blockLength;
  forEachRow(samples * blocks, blockLength * inputs * outputs, [&](int64_t index) {
    const int64_t sample = index / blocks, first = index % blocks * blockLength;
    const int64_t count = std::min(blockLength, length - first), token = sample * length + first;
    thread_local Buffer<uint32_t> room;
    room.resize(blockLength * tokenStep);
    for (int64_t t = 0; t < count; t++) {
      uint32_t *to = room.data() + t * tokenStep;
      const int64_t at = (token + t) * inputs;
      if (isWide)
        packNumbers(to, x.const_data_ptr<float>() + at,
                    factors ? factors + sample * inputs : nullptr,
                    shifts ? shifts + sample * inputs : nullptr, inputs);
      else
        std::memcpy(to, x.const_data_ptr<at::BFloat16>() + at, inputs * sizeof(at::BFloat16));
    }
    for (int64_t output = 0; output < outputs; output += panelWidth) {
      const int64_t at = token * outputs + output;
      multiplyPanel({room.data(), tokenStep, count, panel + output * pairs, pairs,
                     biases ? biases + output : nullptr, gelu, added ? added + at : nullptr,
                     outputs, isOutWide ? out.mutable_data_ptr<float>() + at : nullptr,
                     isOutWide ? nullptr : out.mutable_data_ptr<at::BFloat16>() + at});
    }
  });
  return out;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def(
      "narrow_linear(Tensor x, Tensor weight, Tensor? bias, Tensor? factor, Tensor? shift, Tensor? "
      "rows, Tensor? columns, bool gelu, Tensor? summand, Tensor(a!) out) -> Tensor(a!)");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) { library.impl("narrow_linear", narrowLinear); }

}  // namespace ckernels
