// Kinds of cases about random streams.

import Tensors

let randomKinds = [ParityKind("StyleGAN2-ADA", "numpy_random", numpyRandom)]

/// The draws of NumPy's legacy random state.
private func numpyRandom(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (n, shuffled): (Int, Int) = (try config.value("n"), try config.value("shuffle"))
  let isFresh = try config.value("fresh_state_per_draw", default: true)
  let randSize = try config.value("rand_size", default: 8)
  let low = try config.value("randint_low", default: 0)
  let high: Int = try config.value("randint_high")
  let randintSize = try config.value("randint_size", default: 8)
  guard n >= 0, shuffled >= 0, randSize >= 0, randintSize >= 0, low < high, high - low <= 1 << 32
  else { throw CaseError("numbers to draw: expected sizes and a range of 1 to 2^32 integers") }
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
