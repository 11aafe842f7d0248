// Images sampled at the places that an affine map gives, between pixels linearly; and the transpose
// of that, which is its gradient.

#include <ATen/Dispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>
#include <cstdint>

#include "Parallel.h"

namespace ckernels {
namespace {

// A map from pixels of the sampled image to places in the image that is read.
struct Map {
  const double *m;  // [2, 3]
  double x(int64_t column, int64_t row) const { return m[0] * column + (m[1] * row + m[2]); }
  double y(int64_t column, int64_t row) const { return m[3] * column + (m[4] * row + m[5]); }
};

// Four pixels around a place: the upper left one, and how much its neighbours count.
template <typename Scalar>
struct Corners {
  int64_t x, y;
  Scalar right, below;

  Corners(double px, double py, int64_t width, int64_t height) {
    px = bounded(px, width);
    py = bounded(py, height);
    const double left = std::floor(px), top = std::floor(py);
    x = static_cast<int64_t>(left);
    y = static_cast<int64_t>(top);
    right = static_cast<Scalar>(px - left);
    below = static_cast<Scalar>(py - top);
  }

  // Whether all four are pixels of the image.
  bool areInside(int64_t width, int64_t height) const {
    return x >= 0 && y >= 0 && x + 1 < width && y + 1 < height;
  }

  // Calls `body(offset, weight)` for those of them that are.
  template <typename Body>
  void forEachInside(int64_t width, int64_t height, Body body) const {
    for (int dy = 0; dy < 2; dy++)
      for (int dx = 0; dx < 2; dx++) {
        if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
        body((y + dy) * width + x + dx,
             (dx == 0 ? 1 - right : right) * (dy == 0 ? 1 - below : below));
      }
  }

 private:
  // Places far outside are as good as places just outside; not-a-number is outside, too.
  static double bounded(double place, int64_t length) {
    if (!(place > -2)) return -2;
    return place < length + 1 ? place : static_cast<double>(length + 1);
  }
};

// Sizes of images, read and sampled.
struct Sizes {
  int64_t channels, height, width, rows, columns;
};

// One row of the sampled image, in all channels.
template <typename Scalar>
void sampleRow(Scalar *out, const Scalar *image, Map map, int64_t row, const Sizes &s) {
  const int64_t plane = s.height * s.width, sampled = s.rows * s.columns;
  for (int64_t column = 0; column < s.columns; column++) {
    const Corners<Scalar> at(map.x(column, row), map.y(column, row), s.width, s.height);
    Scalar *to = out + row * s.columns + column;
    if (at.areInside(s.width, s.height)) {
      const Scalar *from = image + at.y * s.width + at.x;
      for (int64_t c = 0; c < s.channels; c++) {
        const Scalar *p = from + c * plane;
        const Scalar above = p[0] + (p[1] - p[0]) * at.right;
        const Scalar under = p[s.width] + (p[s.width + 1] - p[s.width]) * at.right;
        to[c * sampled] = above + (under - above) * at.below;
      }
      continue;
    }
    for (int64_t c = 0; c < s.channels; c++) to[c * sampled] = 0;
    at.forEachInside(s.width, s.height, [&](int64_t offset, Scalar weight) {
      for (int64_t c = 0; c < s.channels; c++)
        to[c * sampled] += image[c * plane + offset] * weight;
    });
  }
}

// Adds every number of a sampled image to the four pixels that it would be read from.
template <typename Scalar>
void spread(Scalar *image, const Scalar *sampledImage, Map map, const Sizes &s) {
  const int64_t plane = s.height * s.width, sampled = s.rows * s.columns;
  for (int64_t row = 0; row < s.rows; row++)
    for (int64_t column = 0; column < s.columns; column++) {
      const Corners<Scalar> at(map.x(column, row), map.y(column, row), s.width, s.height);
      const Scalar *from = sampledImage + row * s.columns + column;
      if (at.areInside(s.width, s.height)) {
        Scalar *to = image + at.y * s.width + at.x;
        for (int64_t c = 0; c < s.channels; c++) {
          const Scalar value = from[c * sampled];
          const Scalar under = value * at.below, above = value - under;
          Scalar *p = to + c * plane;
          p[0] += above - above * at.right;
          p[1] += above * at.right;
          p[s.width] += under - under * at.right;
          p[s.width + 1] += under * at.right;
        }
        continue;
      }
      at.forEachInside(s.width, s.height, [&](int64_t offset, Scalar weight) {
        for (int64_t c = 0; c < s.channels; c++)
          image[c * plane + offset] += from[c * sampled] * weight;
      });
    }
}

void check(const char *name, const at::Tensor &x, const at::Tensor &matrices,
           at::IntArrayRef size) {
  TORCH_CHECK(x.dim() == 4, name, ": images of sizes ", x.sizes(), ", expected 4 axes");
  TORCH_CHECK(matrices.sizes() == at::IntArrayRef({x.size(0), 2, 3}), name, ": matrices of sizes ",
              matrices.sizes(), " for ", x.size(0), " images, expected [N, 2, 3]");
  TORCH_CHECK(matrices.scalar_type() == at::kDouble && matrices.is_cpu(), name,
              ": matrices in ", matrices.options(), ", expected float64 on the processor");
  TORCH_CHECK(size.size() == 2 && size[0] > 0 && size[1] > 0, name, ": a result of ", size,
              " rows and columns");
}

at::Tensor affineSampleCPU(const at::Tensor &x, const at::Tensor &matrices, at::IntArrayRef size) {
  check("affine_sample", x, matrices, size);
  const at::Tensor source = x.contiguous(), maps = matrices.contiguous();
  at::Tensor result = at::empty({x.size(0), x.size(1), size[0], size[1]}, source.options());
  const Sizes s{x.size(1), x.size(2), x.size(3), size[0], size[1]};
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "affine_sample", [&] {
    const scalar_t *from = source.const_data_ptr<scalar_t>();
    scalar_t *to = result.mutable_data_ptr<scalar_t>();
    const double *m = maps.const_data_ptr<double>();
    forEachRow(x.size(0) * s.rows, s.channels * s.columns * 4, [&](int64_t row) {
      const int64_t n = row / s.rows;
      sampleRow(to + n * s.channels * s.rows * s.columns, from + n * s.channels * s.height * s.width,
                Map{m + n * 6}, row % s.rows, s);
    });
  });
  return result;
}

at::Tensor affineSpreadCPU(const at::Tensor &y, const at::Tensor &matrices, at::IntArrayRef size) {
  check("affine_spread", y, matrices, size);
  const at::Tensor source = y.contiguous(), maps = matrices.contiguous();
  at::Tensor result = at::zeros({y.size(0), y.size(1), size[0], size[1]}, source.options());
  const Sizes s{y.size(1), size[0], size[1], y.size(2), y.size(3)};
  AT_DISPATCH_FLOATING_TYPES(y.scalar_type(), "affine_spread", [&] {
    const scalar_t *from = source.const_data_ptr<scalar_t>();
    scalar_t *to = result.mutable_data_ptr<scalar_t>();
    const double *m = maps.const_data_ptr<double>();
    forEachRow(y.size(0), s.channels * s.rows * s.columns * 4, [&](int64_t n) {
      spread(to + n * s.channels * s.height * s.width, from + n * s.channels * s.rows * s.columns,
             Map{m + n * 6}, s);
    });
  });
  return result;
}

using Operator = at::Tensor(const at::Tensor &, const at::Tensor &, at::IntArrayRef);

at::Tensor affineSample(const at::Tensor &x, const at::Tensor &matrices, at::IntArrayRef size) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::affine_sample", "")
                             .typed<Operator>();
  return op.call(x, matrices, size);
}

at::Tensor affineSpread(const at::Tensor &y, const at::Tensor &matrices, at::IntArrayRef size) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("stylist::affine_spread", "")
                             .typed<Operator>();
  return op.call(y, matrices, size);
}

// Each is linear in its images, and the other one is its gradient.
template <Operator compute, Operator transpose>
struct LinearFunction : torch::autograd::Function<LinearFunction<compute, transpose>> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                            const at::Tensor &matrices, at::IntArrayRef size) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({matrices});
    context->saved_data["size"] = std::vector<int64_t>{x.size(2), x.size(3)};
    return compute(x, matrices, size);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    const auto size = context->saved_data["size"].toIntVector();
    return {transpose(gradients[0], context->get_saved_variables()[0], size), {}, {}};
  }
};

at::Tensor affineSampleAutograd(const at::Tensor &x, const at::Tensor &matrices,
                                at::IntArrayRef size) {
  return LinearFunction<affineSampleCPU, affineSpread>::apply(x, matrices, size);
}

at::Tensor affineSpreadAutograd(const at::Tensor &y, const at::Tensor &matrices,
                                at::IntArrayRef size) {
  return LinearFunction<affineSpreadCPU, affineSample>::apply(y, matrices, size);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def("affine_sample(Tensor x, Tensor matrices, int[2] size) -> Tensor");
  library.def("affine_spread(Tensor y, Tensor matrices, int[2] size) -> Tensor");
}
TORCH_LIBRARY_IMPL(stylist, CPU, library) {
  library.impl("affine_sample", affineSampleCPU);
  library.impl("affine_spread", affineSpreadCPU);
}
TORCH_LIBRARY_IMPL(stylist, Autograd, library) {
  library.impl("affine_sample", affineSampleAutograd);
  library.impl("affine_spread", affineSpreadAutograd);
}

}  // namespace ckernels
