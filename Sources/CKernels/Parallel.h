// Loops over independent rows on libtorch's threads.

#pragma once

#include <ATen/TensorIterator.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>

#include <cstdint>

namespace ckernels {

// Calls `body(row)` for each row in 0 ..< `count`, shared among libtorch's threads where there is
// work enough.
//
// libtorch's `at::parallel_for` is a template that needs the compiler's OpenMP switch, which a
// package that others can depend on must not set. Its iterator is compiled code and does the same.
template <typename Body>
void forEachRow(int64_t count, int64_t elementsPerRow, Body body) {
  if (count == 0) return;
  constexpr int64_t grain = 1 << 15;  // elements, as in libtorch's own kernels
  const at::Tensor rows = at::arange(count, at::kLong);
  const at::Tensor unused = at::empty_like(rows);
  auto iterator = at::TensorIteratorConfig().add_output(unused).add_const_input(rows).build();
  iterator.for_each(
      [&](char **data, const int64_t *strides, int64_t n) {
        for (int64_t i = 0; i < n; i++)
          body(*reinterpret_cast<const int64_t *>(data[1] + i * strides[1]));
      },
      std::max<int64_t>(1, grain / std::max<int64_t>(1, elementsPerRow)));
}

}  // namespace ckernels
