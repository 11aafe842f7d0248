// Operators that fail in every way a kernel can.

#include "ThrowingOperators.h"

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#if __has_include(<oneapi/dnnl/dnnl.hpp>)
#include <oneapi/dnnl/dnnl.hpp>
#endif

#include <new>
#include <stdexcept>

namespace {

at::Tensor standard(const at::Tensor &) { throw std::runtime_error("a standard exception"); }
at::Tensor lines(const at::Tensor &) {
  throw std::runtime_error("\nthe first line\nthe second line");
}
at::Tensor unknown(const at::Tensor &) { throw 42; }
at::Tensor memory(const at::Tensor &) { throw std::bad_alloc(); }

// What oneDNN throws for want of memory, and for shapes that it does not take, in the same words.
at::Tensor unmade(const at::Tensor &) {
#if __has_include(<oneapi/dnnl/dnnl.hpp>)
  throw dnnl::error(dnnl_out_of_memory, "could not create a primitive");
#else
  throw std::bad_alloc();
#endif
}
at::Tensor unfit(const at::Tensor &) {
#if __has_include(<oneapi/dnnl/dnnl.hpp>)
  throw dnnl::error(dnnl_invalid_arguments, "could not create a primitive");
#else
  throw std::runtime_error("could not create a primitive");
#endif
}

int64_t number(const at::Tensor &) { return 42; }

struct ThrowingBackward : torch::autograd::Function<ThrowingBackward> {
  static at::Tensor forward(torch::autograd::AutogradContext *, const at::Tensor &x) {
    return x.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                 torch::autograd::variable_list) {
    throw std::runtime_error("an exception in a gradient");
  }
};

at::Tensor backward(const at::Tensor &x) { return ThrowingBackward::apply(x); }

}  // namespace

TORCH_LIBRARY(throwing, library) {
  library.def("standard(Tensor x) -> Tensor", standard);
  library.def("lines(Tensor x) -> Tensor", lines);
  library.def("unknown(Tensor x) -> Tensor", unknown);
  library.def("memory(Tensor x) -> Tensor", memory);
  library.def("unmade(Tensor x) -> Tensor", unmade);
  library.def("unfit(Tensor x) -> Tensor", unfit);
  library.def("number(Tensor x) -> int", number);
  library.def("backward(Tensor x) -> Tensor", backward);
}

void throwing_operators_register(void) {}
