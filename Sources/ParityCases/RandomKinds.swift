// Kinds of cases about random streams.

import Tensors

let randomKinds = [ParityKind("StyleGAN2-ADA", "numpy_random", numpyRandom)]

/// The draws of NumPy's legacy random state.
private func numpyRandom(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let sizes = 0...1 << 24
  let (n, shuffled) = (try config.count("n", in: sizes), try config.count("shuffle", in: sizes))
  let isFresh = try config.value("fresh_state_per_draw", default: true)
  let randSize = try config.count("rand_size", in: sizes, default: 8)
  let bounds = -(1 << 62)...1 << 62
  let low = try config.count("randint_low", in: bounds, default: 0)
  let high = try config.count("randint_high", in: bounds)
  let randintSize = try config.count("randint_size", in: sizes, default: 8)
  guard low < high, high - low <= 1 << 32 else {
    throw CaseError("integers from \(low) up to \(high): expected 1 to 2^32 of them")
  }
  var computed: Computed = [:]
  for seed in try config.value("seeds") as [Int] {
    guard let word = UInt32(exactly: seed) else { throw CaseError("the seed \(seed)") }
    var state = RandomState(seed: word)
    func draw<Result>(_ body: (inout RandomState) -> Result) -> Result {
      if isFresh { state = RandomState(seed: word) }
      return body(&state)
    }
    computed["randn.\(seed)"] = Tensor(draw { $0.randn(n) }).cast(to: .float32)
    computed["rand.\(seed)"] = Tensor(draw { $0.rand(randSize) }).cast(to: .float32)
    var list = Array(0..<shuffled)
    draw { $0.shuffle(&list) }
    computed["shuffle.\(seed)"] = Tensor(list)
    computed["randint.\(seed)"] = Tensor(draw { $0.randint(low..<high, randintSize) })
  }
  return computed
}
