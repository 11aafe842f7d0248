// What libFuzzer, which brings the program's `main`, offers to a mutator of one's own.
#ifndef CFUZZER_H
#define CFUZZER_H

#include <stddef.h>
#include <stdint.h>

// Changes the bytes in place, to at most `capacity` of them, and returns how many there are then.
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t count, size_t capacity);

#endif
