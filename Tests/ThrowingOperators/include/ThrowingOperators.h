// Operators that fail in every way a kernel can, to test the door with:
//
//   throwing::standard(Tensor x)      throws a std::runtime_error
//   throwing::lines(Tensor x)         throws a std::runtime_error whose text has several lines
//   throwing::unknown(Tensor x)       throws something that is no exception class
//   throwing::memory(Tensor x)        throws a std::bad_alloc
//   throwing::number(Tensor x)        returns an integer
//   throwing::backward(Tensor x)      returns a copy of x; its gradient throws a std::runtime_error

#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// Does nothing; calling it keeps this target, whose operators register themselves, in the program.
void throwing_operators_register(void);

#ifdef __cplusplus
}
#endif
