// Which operators are there, and which of them a test has called.

#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// The names of all operators of a library such as "stylist", sorted, each with a line end; valid up to
// the next call on this thread.
const char *called_operators_all(const char *library);

// Notes the names of the operators that this thread calls from now on.
void called_operators_start(void);

// Stops that, and returns the names, sorted, each with a line end; valid up to the next call on this
// thread.
const char *called_operators_stop(void);

#ifdef __cplusplus
}
#endif
