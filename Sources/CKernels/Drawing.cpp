// Random numbers as libtorch draws them on the processor, bit for bit, by several threads.
//
// libtorch draws the numbers of a tensor one after the other. Here every thread gets a copy of the
// generator that has been taken forward to where its piece of the tensor begins, which costs a
// fraction of the drawing, and lets libtorch fill the piece.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <torch/library.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <vector>

#include "Features.h"
#include "Parallel.h"

namespace ckernels {
namespace {

// Numbers of one piece: a multiple of 16, since libtorch makes normal numbers from as many at a time.
constexpr int64_t pieceLength = int64_t(1) << 17;

constexpr int stateLength = 624, stateMiddle = 397;

// The words after those in `state`, without the last step that makes them random numbers.
CKERNELS_FOR_EACH_LEVEL
void refill(uint32_t *state) {
  const auto step = [](uint32_t first, uint32_t second, uint32_t far) {
    const uint32_t mixed = (first & 0x80000000u) | (second & 0x7fffffffu);
    return far ^ (mixed >> 1) ^ (-(second & 1u) & 0x9908b0dfu);
  };
  // Registers of words are not read from where others have just been written.
  uint32_t next[stateLength];
  constexpr int rest = stateLength - stateMiddle;
  for (int i = 0; i < rest; i++) next[i] = step(state[i], state[i + 1], state[i + stateMiddle]);
  for (int i = rest; i < stateLength - 1; i++)
    next[i] = step(state[i], state[i + 1], next[i - rest]);
  next[stateLength - 1] = step(state[stateLength - 1], next[0], next[stateMiddle - 1]);
  std::copy(next, next + stateLength, state);
}

// Takes a generator forward by a number of 32-bit words. `left_` is one more than the words that are
// left in the state.
void skip(at::mt19937_data_pod &engine, int64_t words) {
  while (words > 0) {
    if (engine.left_ == 1) {
      refill(engine.state_.data());
      engine.left_ = stateLength + 1;
      engine.next_ = 0;
    }
    const int64_t taken = std::min<int64_t>(words, engine.left_ - 1);
    engine.left_ -= int(taken);
    engine.next_ += uint32_t(taken);
    words -= taken;
  }
}

// A tensor that `fill` fills from a generator, one word for each number.
template <typename Fill>
at::Tensor drawn(at::IntArrayRef sizes, const std::optional<at::Generator> &given, Fill fill) {
  TORCH_CHECK(given.has_value(), "nothing to draw numbers from, expected a generator");
  const at::Generator &random = *given;
  const at::Tensor result = at::empty(sizes, at::kFloat);
  const int64_t count = result.numel(), pieces = count / pieceLength;
  if (pieces < 2) {
    fill(result, random);
    return result;
  }
  auto *generator = at::check_generator<at::CPUGeneratorImpl>(random);
  const std::lock_guard<std::mutex> lock(generator->mutex_);
  std::vector<at::Generator> generators;
  at::mt19937_data_pod state = generator->engine().data();
  for (int64_t piece = 0; piece < pieces; piece++) {
    if (piece > 0) skip(state, pieceLength);
    at::mt19937 engine;
    engine.set_data(state);
    generators.push_back(at::make_generator<at::CPUGeneratorImpl>());
    at::check_generator<at::CPUGeneratorImpl>(generators.back())->set_engine(engine);
  }
  float *numbers = result.mutable_data_ptr<float>();
  forEachRow(pieces, pieceLength, [&](int64_t piece) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const int64_t first = piece * pieceLength;
    // The last piece has what is left over, too.
    const int64_t length = piece == pieces - 1 ? count - first : pieceLength;
    fill(at::from_blob(numbers + first, {length}, at::kFloat), generators[piece]);
  });
  auto *last = at::check_generator<at::CPUGeneratorImpl>(generators.back());
  generator->set_engine(last->engine());
  return result;
}

at::Tensor randn(at::IntArrayRef sizes, std::optional<at::Generator> generator) {
  return drawn(sizes, generator, [](const at::Tensor &x, const at::Generator &random) {
    x.normal_(0, 1, random);
  });
}

at::Tensor rand(at::IntArrayRef sizes, std::optional<at::Generator> generator) {
  return drawn(sizes, generator, [](const at::Tensor &x, const at::Generator &random) {
    x.uniform_(0, 1, random);
  });
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylist, library) {
  library.def("randn(int[] size, Generator? generator) -> Tensor");
  library.def("rand(int[] size, Generator? generator) -> Tensor");
}
// There is no tensor among the arguments that could say where they are.
TORCH_LIBRARY_IMPL(stylist, CompositeExplicitAutograd, library) {
  library.impl("randn", randn);
  library.impl("rand", rand);
}

}  // namespace ckernels
