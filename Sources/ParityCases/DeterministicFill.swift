// The numbers that stand for weights and images in cases: reproduced from a name and a seed.

package import Tensors

/// A tensor of a case that is filled from its name.
package struct FilledTensor: Sendable {
  /// The most elements that a case may ask for, 4 GiB of float32.
  static let countLimit = 1 << 30

  package let name: String
  package let shape: [Int]
  private let low: Double
  private let high: Double

  package init(name: String, shape: [Int], low: Double, high: Double) throws(CaseError) {
    var count = 1
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow, product <= Self.countLimit else {
        throw CaseError("\(name): expected at most \(Self.countLimit) elements, found \(shape)")
      }
      count = product
    }
    (self.name, self.shape, self.low, self.high) = (name, shape, low, high)
  }

  /// The elements, made anew at each call.
  package func tensor(seed: UInt64) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(
      deterministicFill(name: name, count: count, seed: seed, low: low, high: high), shape: shape)
  }
}

/// Numbers between two bounds: element i is drawn from the name's hash, the seed and i alone.
///
/// - Parameters:
///   - name: The tensor's name, hashed by FNV-1a.
///   - count: How many numbers.
///   - seed: The case's seed.
///   - low: The smallest number.
///   - high: The bound that is not reached.
/// - Returns: The numbers in row-major order.
package func deterministicFill(
  name: String, count: Int, seed: UInt64, low: Double, high: Double
) -> [Float] {
  let start = fnv1a(name) &+ seed &* 0x9E37_79B9_7F4A_7C15
  return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
    for i in 0..<count {
      let bits = Int(truncatingIfNeeded: splitmix64(start &+ UInt64(i)) >> 40)
      buffer[i] = Float(low + (high - low) * (Double(bits) * 0x1p-24))
    }
    initialized = count
  }
}

/// The 64-bit FNV-1a hash of a text's UTF-8.
private func fnv1a(_ text: String) -> UInt64 {
  text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

/// The output of the splitmix64 generator at state `x`.
@inline(__always) private func splitmix64(_ x: UInt64) -> UInt64 {
  var x = x &+ 0x9E37_79B9_7F4A_7C15
  x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
  x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
  return x ^ (x >> 31)
}
