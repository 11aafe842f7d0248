// What transformers do to tokens between matrix products, each in one pass over memory.

#include "TokenPasses.h"

#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <limits>
#include <optional>
#include <vector>

#include "Buffer.h"
#include "Parallel.h"

namespace ckernels {
namespace {

// Tokens that a thread takes at once.
constexpr int64_t blockLength = 64;

// Checks that a tensor is in float32 and has these sizes; -1 stands for any.
void check(const char *name, const at::Tensor &t, at::IntArrayRef sizes) {
  bool fits = t.scalar_type() == at::kFloat && t.dim() == int64_t(sizes.size());
  for (int64_t a = 0; fits && a < t.dim(); a++) fits = sizes[a] < 0 || t.size(a) == sizes[a];
  TORCH_CHECK(fits, name, " in ", t.scalar_type(), " of sizes ", t.sizes(), ", expected float of ",
              sizes);
}

// Calls `body(sample, first, count)` for blocks of tokens [N, L, C].
template <typename Body>
void forEachBlock(int64_t samples, int64_t length, int64_t width, Body body) {
  const int64_t blocks = (length + blockLength - 1) / blockLength;
  forEachRow(samples * blocks, blockLength * width, [&](int64_t index) {
    const int64_t first = index % blocks * blockLength;
    body(index / blocks, first, std::min(blockLength, length - first));
  });
}

// Calls `body` with a number of the format.
template <typename Body>
void forFormat(at::ScalarType format, Body body) {
  if (format == at::kFloat)
    body(float());
  else
    body(at::BFloat16());
}

at::Tensor emptyTokens(const at::Tensor &like, bool narrow) {
  return at::empty(like.sizes(), like.options().dtype(narrow ? at::kBFloat16 : at::kFloat));
}

// Tokens [N, L, C] times styles [N, C], then brought to mean 0 and variance 1.
at::Tensor styledNorm(const at::Tensor &xIn, const at::Tensor &stylesIn, double epsilon,
                      bool narrow) {
  check("styled_norm: x", xIn, {-1, -1, -1});
  check("styled_norm: styles", stylesIn, {xIn.size(0), xIn.size(2)});
  const at::Tensor x = xIn.contiguous(), styles = stylesIn.contiguous();
  const at::Tensor out = emptyTokens(x, narrow);
  const int64_t length = x.size(1), width = x.size(2);
  const float *from = x.const_data_ptr<float>(), *factors = styles.const_data_ptr<float>();
  forFormat(out.scalar_type(), [&](auto scalar) {
    auto *to = out.mutable_data_ptr<decltype(scalar)>();
    forEachBlock(x.size(0), length, width, [&](int64_t sample, int64_t first, int64_t count) {
      thread_local Buffer<float> room;
      room.resize(width);
      const int64_t at = (sample * length + first) * width;
      normalizeTokens(to + at, from + at, factors + sample * width, count, width,
                      static_cast<float>(epsilon), room.data());
    });
  });
  return out;
}

// Tokens [N, L, C] times a factor and plus a summand for each channel, [N, C].
at::Tensor scaledTokens(const at::Tensor &xIn, const at::Tensor &factorIn,
                        const at::Tensor &shiftIn, bool narrow) {
  check("scaled_tokens: x", xIn, {-1, -1, -1});
  check("scaled_tokens: factor", factorIn, {xIn.size(0), xIn.size(2)});
  check("scaled_tokens: shift", shiftIn, {xIn.size(0), xIn.size(2)});
  const at::Tensor x = xIn.contiguous(), factor = factorIn.contiguous(),
                   shift = shiftIn.contiguous();
  const at::Tensor out = emptyTokens(x, narrow);
  const int64_t length = x.size(1), width = x.size(2);
  const float *from = x.const_data_ptr<float>();
  forFormat(out.scalar_type(), [&](auto scalar) {
    auto *to = out.mutable_data_ptr<decltype(scalar)>();
    forEachBlock(x.size(0), length, width, [&](int64_t sample, int64_t first, int64_t count) {
      const int64_t at = (sample * length + first) * width;
      scaleTokens(to + at, from + at, factor.const_data_ptr<float>() + sample * width,
                  shift.const_data_ptr<float>() + sample * width, count, width);
    });
  });
  return out;
}

// The sum of numbers in float32 and others in bfloat16, written to `out`, which may be the first.
at::Tensor &addNarrow(const at::Tensor &xIn, const at::Tensor &yIn, at::Tensor &out) {
  TORCH_CHECK(xIn.scalar_type() == at::kFloat && yIn.scalar_type() == at::kBFloat16 &&
                  out.scalar_type() == at::kFloat && xIn.sizes() == yIn.sizes() &&
                  xIn.sizes() == out.sizes() && out.is_contiguous(),
              "add_narrow: ", xIn.scalar_type(), " of ", xIn.sizes(), ", ", yIn.scalar_type(),
              " of ", yIn.sizes(), " and ", out.scalar_type(), " of ", out.sizes(),
              ", expected float, bfloat16 and contiguous float of equal sizes");
  const at::Tensor x = xIn.contiguous(), y = yIn.contiguous();
  constexpr int64_t chunk = 1 << 14;
  float *to = out.mutable_data_ptr<float>();
  const float *wide = x.const_data_ptr<float>();
  const at::BFloat16 *narrow = y.const_data_ptr<at::BFloat16>();
  const int64_t count = x.numel();
  forEachRow((count + chunk - 1) / chunk, chunk, [&](int64_t row) {
    const int64_t first = row * chunk;
    addWidened(to + first, wide + first, narrow + first, std::min(chunk, count - first));
  });
  return out;
}

// Rows of maps [N, H, W, C], plus a code of their columns, [W, C / 2], in the first half of the
// channels, and of their rows, [H, 1, C / 2], in the second; in float32.
at::Tensor placedTokens(const at::Tensor &yIn, const at::Tensor &columnsIn,
                        const at::Tensor &rowsIn) {
  TORCH_CHECK(yIn.dim() == 4 && yIn.size(3) % 2 == 0 &&
                  (yIn.scalar_type() == at::kFloat || yIn.scalar_type() == at::kBFloat16),
              "placed_tokens: ", yIn.scalar_type(), " of sizes ", yIn.sizes(),
              ", expected float or bfloat16 of [N, H, W, C] with an even C");
  const int64_t height = yIn.size(1), width = yIn.size(2), half = yIn.size(3) / 2;
  check("placed_tokens: columns", columnsIn, {width, half});
  check("placed_tokens: rows", rowsIn, {height, 1, half});
  const at::Tensor y = yIn.contiguous(), columns = columnsIn.contiguous(),
                   rows = rowsIn.contiguous();
  const at::Tensor out = at::empty(y.sizes(), y.options().dtype(at::kFloat));
  float *to = out.mutable_data_ptr<float>();
  const float *column = columns.const_data_ptr<float>(), *row = rows.const_data_ptr<float>();
  forFormat(y.scalar_type(), [&](auto scalar) {
    const auto *from = y.const_data_ptr<decltype(scalar)>();
    forEachRow(y.size(0) * height, width * 2 * half, [&](int64_t index) {
      const int64_t first = index * width * 2 * half;
      placeTokens(to + first, from + first, column, row + index % height * half, width, half);
    });
  });
  return out;
}

// Adds noise [L, 1] or [N, L, 1] times its strength to tokens, applies a leaky ReLU and a bound,
// and writes them to `out`, which may be the tokens themselves.
at::Tensor &finishTokensInto(const at::Tensor &y, const std::optional<at::Tensor> &noiseIn,
                             const std::optional<at::Tensor> &strength, double slope,
                             std::optional<double> clamp, at::Tensor &out) {
  TORCH_CHECK(y.dim() == 3 && (y.scalar_type() == at::kFloat || y.scalar_type() == at::kBFloat16) &&
                  y.is_contiguous() && out.is_contiguous(),
              "finish_tokens: tokens in ", y.scalar_type(), " of sizes ", y.sizes(),
              ", expected float or bfloat16 of [N, L, C], contiguous");
  check("finish_tokens: out", out, y.sizes());
  const int64_t length = y.size(1), width = y.size(2);
  at::Tensor noise;
  if (noiseIn) {
    TORCH_CHECK(strength && strength->numel() == 1,
                "finish_tokens: noise without one number for its strength");
    noise = noiseIn->contiguous();
    if (noise.dim() == 2)
      check("finish_tokens: noise", noise, {length, 1});
    else
      check("finish_tokens: noise", noise, {y.size(0), length, 1});
  }
  const float bound = static_cast<float>(clamp.value_or(std::numeric_limits<double>::quiet_NaN()));
  const float *numbers = noiseIn ? noise.const_data_ptr<float>() : nullptr;
  const TokenFinish finish = {nullptr, noiseIn ? strength->item<float>() : 0,
                              static_cast<float>(slope), bound};
  float *to = out.mutable_data_ptr<float>();
  forFormat(y.scalar_type(), [&](auto scalar) {
    const auto *from = y.const_data_ptr<decltype(scalar)>();
    forEachBlock(y.size(0), length, width, [&](int64_t sample, int64_t first, int64_t count) {
      TokenFinish own = finish;
      if (numbers) own.noise = numbers + (noise.dim() == 2 ? 0 : sample * length) + first;
      const int64_t at = (sample * length + first) * width;
      finishTokens(to + at, from + at, own, count, width);
    });
  });
  return out;
}

// Tokens of a square map, [N, r · r, C], enlarged to twice the width and height by a filter of 4 ×
// 4 taps, [N, 4 · r · r, C]; plus a summand for each, [1, 4 · r · r, C].
at::Tensor enlargedTokens(const at::Tensor &xIn, const at::Tensor &filter,
                          const std::optional<at::Tensor> &summandIn) {
  check("enlarged_tokens: x", xIn, {-1, -1, -1});
  check("enlarged_tokens: filter", filter, {4, 4});
  const int64_t samples = xIn.size(0), width = xIn.size(2);
  const int64_t side = static_cast<int64_t>(std::sqrt(static_cast<double>(xIn.size(1))));
  TORCH_CHECK(side * side == xIn.size(1), "enlarged_tokens: x of sizes ", xIn.sizes(),
              ", expected a square map");
  const at::Tensor x = xIn.contiguous(), taps = filter.contiguous();
  at::Tensor summand;
  if (summandIn) {
    check("enlarged_tokens: summand", *summandIn, {1, 4 * side * side, width});
    summand = summandIn->contiguous();
  }
  const at::Tensor out = at::empty({samples, 4 * side * side, width}, x.options());
  const std::vector<float> zeros(width, 0);
  const float *from = x.const_data_ptr<float>(), *tap = taps.const_data_ptr<float>();
  const float *added = summandIn ? summand.const_data_ptr<float>() : nullptr;
  float *to = out.mutable_data_ptr<float>();
  forEachRow(samples * 2 * side, 2 * side * width, [&](int64_t index) {
    const int64_t row = index % (2 * side), sample = index / (2 * side);
    for (int64_t column = 0; column < 2 * side; column++) {
      Mixture mixture;
      for (int64_t i = 0; i < 4; i++) {
        // A true convolution: the filter is turned around; and four times the samples.
        const int64_t down = row % 2 + 2 * (i / 2), along = column % 2 + 2 * (i % 2);
        const int64_t y = row / 2 + row % 2 - 1 + i / 2, z = column / 2 + column % 2 - 1 + i % 2;
        const bool isInside = 0 <= y && y < side && 0 <= z && z < side;
        mixture.taps[i] = 4 * tap[(3 - down) * 4 + 3 - along];
        mixture.tokens[i] =
            isInside ? from + ((sample * side + y) * side + z) * width : zeros.data();
      }
      const int64_t token = row * 2 * side + column;
      mixture.summand = added ? added + token * width : nullptr;
      mixTokens(to + (sample * 4 * side * side + token) * width, mixture, width);
    }
  });
  return out;
}

// Tokens [N, L, C] times a matrix of each sample, [N, O, C], as channels of maps, [N, O, L].
at::Tensor tokenChannels(const at::Tensor &xIn, const at::Tensor &matricesIn) {
  check("token_channels: x", xIn, {-1, -1, -1});
  check("token_channels: matrices", matricesIn, {xIn.size(0), -1, xIn.size(2)});
  const at::Tensor x = xIn.contiguous(), matrices = matricesIn.contiguous();
  const int64_t length = x.size(1), width = x.size(2), outputs = matrices.size(1);
  const at::Tensor out = at::empty({x.size(0), outputs, length}, x.options());
  const float *from = x.const_data_ptr<float>(), *matrix = matrices.const_data_ptr<float>();
  float *to = out.mutable_data_ptr<float>();
  forEachBlock(x.size(0), length, width, [&](int64_t sample, int64_t first, int64_t count) {
    multiplyTokens(to + sample * outputs * length + first, from + (sample * length + first) * width,
                   matrix + sample * outputs * width, count, width, outputs, length);
  });
  return out;
}

// 1 / sqrt(sum over i of (weight[o, i] · styles[n, i])² + epsilon): [N, O].
at::Tensor demodulation(const at::Tensor &weightIn, const at::Tensor &stylesIn, double epsilon) {
  check("demodulation: weight", weightIn, {-1, -1});
  check("demodulation: styles", stylesIn, {-1, weightIn.size(1)});
  const at::Tensor weight = weightIn.contiguous(), squares = stylesIn.square().contiguous();
  const int64_t samples = squares.size(0), outputs = weight.size(0), width = weight.size(1);
  const at::Tensor out = at::empty({samples, outputs}, weight.options());
  const float *rows = weight.const_data_ptr<float>(), *styles = squares.const_data_ptr<float>();
  float *to = out.mutable_data_ptr<float>();
  forEachRow(outputs, width * samples, [&](int64_t o) {
    thread_local Buffer<float> room;
    room.resize(width);
    demodulateRow(to + o, outputs, rows + o * width, styles, samples, width,
                  static_cast<float>(epsilon), room.data());
  });
  return out;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def("styled_norm(Tensor x, Tensor styles, float epsilon, bool narrow) -> Tensor");
  library.def("scaled_tokens(Tensor x, Tensor factor, Tensor shift, bool narrow) -> Tensor");
  library.def("add_narrow(Tensor x, Tensor y, Tensor(a!) out) -> Tensor(a!)");
  library.def("placed_tokens(Tensor y, Tensor columns, Tensor rows) -> Tensor");
  library.def(
      "finish_tokens(Tensor y, Tensor? noise, Tensor? strength, float slope, float? clamp, "
      "Tensor(a!) out) -> Tensor(a!)");
  library.def("enlarged_tokens(Tensor x, Tensor filter, Tensor? summand) -> Tensor");
  library.def("token_channels(Tensor x, Tensor matrices) -> Tensor");
  library.def("demodulation(Tensor weight, Tensor styles, float epsilon) -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) {
  library.impl("styled_norm", styledNorm);
  library.impl("scaled_tokens", scaledTokens);
  library.impl("add_narrow", addNarrow);
  library.impl("placed_tokens", placedTokens);
  library.impl("finish_tokens", finishTokensInto);
  library.impl("enlarged_tokens", enlargedTokens);
  library.impl("token_channels", tokenChannels);
  library.impl("demodulation", demodulation);
}

}  // namespace ckernels
