// The door into libtorch: tensors as opaque handles, and one function that calls any ATen operator
// by name.
//
// Every function that can fail returns false (or NULL) and writes one line into a `CTorchError`; no
// C++ exception passes this border. A tensor handle owns one reference: whoever receives one from
// here releases it.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A reference-counted tensor.
typedef struct CTorchTensor *CTorchTensorRef;

// A random generator with its own state.
typedef struct CTorchGenerator *CTorchGeneratorRef;

// Why a call failed: one line of text, and whether memory ran out.
typedef struct {
  char text[2048];
  bool outOfMemory;
} CTorchError;

// MARK: Values of the dispatcher's stack

typedef enum {
  CTorchTagDefault,  // the schema's default value
  CTorchTagNone,
  CTorchTagBool,
  CTorchTagInt,
  CTorchTagDouble,
  CTorchTagString,
  CTorchTagTensor,
  CTorchTagIntList,
  CTorchTagDoubleList,
  CTorchTagBoolList,
  CTorchTagTensorList,  // a NULL element is a missing tensor, where the schema allows one
  CTorchTagDevice,      // written as text: "cpu", "cuda:0"
  CTorchTagGenerator,
} CTorchTag;

// One argument. Lists and strings are borrowed for the length of the call.
typedef struct {
  CTorchTag tag;
  union {
    bool boolean;
    int64_t integer;
    double real;
    CTorchTensorRef tensor;
    CTorchGeneratorRef generator;
    const char *string;
    const int64_t *integers;
    const double *reals;
    const bool *booleans;
    CTorchTensorRef const *tensors;
  };
  int64_t count;  // elements of a list
} CTorchValue;

// MARK: The one call

// Calls the ATen operator `name` ("aten::add.Tensor": name, then overload after a dot).
//
// `name` must point to memory that lives and stays the same as long as the process, such as a
// string literal: the operator is looked up once for each address and kept. Arguments that are not
// given take the schema's defaults. The results, which must all be tensors or lists of tensors, are
// written one after the other into `results`; their number is returned, or -1 on failure.
int64_t ctorch_call(const char *name, const CTorchValue *arguments, int64_t argumentCount,
                    CTorchTensorRef *results, int64_t resultCapacity, CTorchError *error);

// MARK: Tensors

// Numbers that libtorch gives its element types (c10::ScalarType).
typedef enum {
  CTorchUInt8 = 0,
  CTorchInt8 = 1,
  CTorchInt16 = 2,
  CTorchInt32 = 3,
  CTorchInt64 = 4,
  CTorchFloat16 = 5,
  CTorchFloat32 = 6,
  CTorchFloat64 = 7,
  CTorchBool = 11,
  CTorchBFloat16 = 15,
} CTorchScalarType;

void ctorch_retain(CTorchTensorRef tensor);
void ctorch_release(CTorchTensorRef tensor);

// A new row-major CPU tensor with a copy of `byteCount` bytes, which must be what the sizes need.
CTorchTensorRef ctorch_from_bytes(const void *bytes, int64_t byteCount, const int64_t *sizes,
                                  int64_t rank, int32_t scalarType, CTorchError *error);
// Copies the elements in row-major order, whatever the strides and the device; `byteCount` must be
// exact.
bool ctorch_copy_bytes(CTorchTensorRef tensor, void *bytes, int64_t byteCount, CTorchError *error);

int64_t ctorch_rank(CTorchTensorRef tensor);
int64_t ctorch_size(CTorchTensorRef tensor, int64_t axis);
int64_t ctorch_stride(CTorchTensorRef tensor, int64_t axis);
int32_t ctorch_scalar_type(CTorchTensorRef tensor);
bool ctorch_is_contiguous(CTorchTensorRef tensor);
// True if both handles name the same tensor object.
bool ctorch_is_same(CTorchTensorRef a, CTorchTensorRef b);
// The first element's address, to tell whether two tensors share memory.
const void *ctorch_data_address(CTorchTensorRef tensor);
// Writes the device's name, such as "cpu" or "cuda:0", with its closing zero.
void ctorch_device(CTorchTensorRef tensor, char *text, int64_t capacity);

// MARK: Gradients

bool ctorch_requires_grad(CTorchTensorRef tensor);
bool ctorch_set_requires_grad(CTorchTensorRef tensor, bool value, CTorchError *error);

// Gradients of the outputs, weighted with `outputGradients` (a NULL entry stands for ones), with
// respect to the inputs. An input without influence gives a NULL result if `allowUnused`, else an
// error.
bool ctorch_grad(const CTorchTensorRef *outputs, const CTorchTensorRef *outputGradients,
                 int64_t outputCount, const CTorchTensorRef *inputs, int64_t inputCount,
                 bool retainGraph, bool createGraph, bool allowUnused, CTorchTensorRef *results,
                 CTorchError *error);

// A computation that can be done again: the same tensors of the same inputs.
typedef struct {
  void *context;
  // Takes over the inputs, of which any may be NULL, and hands over what it makes, as many tensors as
  // it returns, at most `outputCapacity`.
  int64_t (*compute)(void *context, CTorchTensorRef const *inputs, int64_t inputCount,
                     CTorchTensorRef *outputs, int64_t outputCapacity);
  // Lets go of the context; called once.
  void (*release)(void *context);
} CTorchComputation;

// Does a computation, of which nothing but the inputs is kept for gradients: these do it once more.
// Their record has first derivatives only, with respect to the inputs and to parameters that the
// computation uses. Returns the number of tensors in `outputs`, or -1 on failure; the computation is
// released in any case.
int64_t ctorch_checkpointed(CTorchComputation body, const CTorchTensorRef *inputs,
                            int64_t inputCount, CTorchTensorRef *outputs, int64_t outputCapacity,
                            CTorchError *error);

// Whether there is an operator of this name, which must live as long as the process.
bool ctorch_has_operator(const char *name);

// Whether operations are recorded for gradients on this thread.
bool ctorch_grad_enabled(void);
void ctorch_set_grad_enabled(bool value);

// MARK: Counting

// Starts counting, on this thread, the multiply-adds of all matrix products and convolutions, also
// of those that other operators call. Returns what `ctorch_stop_counting` takes, or 0 on failure.
uint64_t ctorch_start_counting(CTorchError *error);
// Stops the counting and returns the multiply-adds since its start; `calls`, unless NULL, is how many
// operators ran, those that others call among them. Countings end in the opposite order of their
// starts.
int64_t ctorch_stop_counting(uint64_t counting, int64_t *calls);

// Starts watching, on this thread, the tensors that operators return. Returns false on failure.
bool ctorch_start_watching(CTorchError *error);
// Stops watching and returns the bytes of those tensors that are still held and were made meanwhile.
// `most` gets the most that were held then, or at the end of a checkpointed computation.
int64_t ctorch_stop_watching(int64_t *most);

// MARK: Random generators

CTorchGeneratorRef ctorch_generator_new(const char *device, uint64_t seed, CTorchError *error);
void ctorch_generator_release(CTorchGeneratorRef generator);
// The whole state as a uint8 tensor, and back.
CTorchTensorRef ctorch_generator_state(CTorchGeneratorRef generator, CTorchError *error);
bool ctorch_generator_set_state(CTorchGeneratorRef generator, CTorchTensorRef state,
                                CTorchError *error);

// MARK: The machine

// Lets tensors use the memory again that others were freed from, from now on and for good.
void ctorch_reuse_memory(void);
int32_t ctorch_thread_count(void);
void ctorch_set_thread_count(int32_t count);
bool ctorch_cuda_is_available(void);
// libtorch's version, such as "2.13.0".
const char *ctorch_version(void);
// The processor features that libtorch's kernels were chosen for, such as "AVX512".
const char *ctorch_cpu_capability(void);
// What the loaded libtorch says about how it was built, over several lines.
const char *ctorch_build_description(void);
// The file that libtorch's operators were loaded from, or NULL if the system does not say.
const char *ctorch_library_path(void);

#ifdef __cplusplus
}
#endif
