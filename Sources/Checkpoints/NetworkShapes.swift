// What the shapes of a network's tensors tell about it, for files that do not state its
// configuration.

import Formats
import Layers
import OrderedCollections
import Tensors

/// Parameters by name, not read yet.
typealias StoredParameters = OrderedDictionary<String, StoredParameter>

/// Questions to the shapes of a network's parameters.
struct NetworkShapes {
  private let parameters: StoredParameters
  private let file: String

  init(_ parameters: StoredParameters, file: String) {
    (self.parameters, self.file) = (parameters, file)
  }

  func optional(_ name: String, rank: Int) -> [Int]? {
    guard let shape = parameters[name]?.shape, shape.count == rank else { return nil }
    return shape
  }

  func required(_ name: String, rank: Int) throws(FileError) -> [Int] {
    guard let shape = optional(name, rank: rank) else {
      let found = parameters[name].map { "\($0.shape)" } ?? "none"
      throw damaged("\(name) with \(rank) axes", found: found)
    }
    return shape
  }

  /// How many names there are from number 0 on.
  func count(_ name: (Int) -> String) -> Int {
    (0...64).first { parameters[name($0)] == nil } ?? 64
  }

  /// The largest power of two, or three times one, between `before` and `after` in a name.
  func largestBlock(before: String, after: String) throws(FileError) -> Int {
    let sizes = (2...12).flatMap { [1 << $0, 3 << ($0 - 1)] }.sorted().filter {
      parameters["\(before)\($0)\(after)"] != nil
    }
    guard let largest = sizes.last else {
      throw damaged("tensors such as \(before)8\(after)", found: "none")
    }
    return largest
  }

  /// The sizes of StyleGAN2's mapping network.
  func mapping() throws(FileError) -> (zDim: Int, labelDim: Int, wDim: Int, numLayers: Int) {
    let numLayers = count { "mapping.fc\($0).weight" }
    let first = try required("mapping.fc0.weight", rank: 2)
    let last = try required("mapping.fc\(numLayers - 1).weight", rank: 2)
    // Labels are embedded in wDim numbers beside z.
    let embedding = optional("mapping.embed.weight", rank: 2)
    return (first[1] - (embedding?[0] ?? 0), embedding?[1] ?? 0, last[0], numLayers)
  }

  /// The output channels of a convolution for each resolution.
  func widths(_ resolutions: [Int], _ name: (Int) -> String) throws(FileError) -> [Int: Int] {
    var widths: [Int: Int] = [:]
    for r in resolutions { widths[r] = try required(name(r), rank: 4)[0] }
    return widths
  }

  /// The two numbers that give every width as `min(base / r, max)`.
  func channels(_ widths: [Int: Int]) throws(FileError) -> (base: Int, max: Int) {
    let most = widths.values.max() ?? 0
    let narrowed = widths.filter { $0.value < most }.map { $0.key * $0.value }.min()
    let base = narrowed ?? most * (widths.keys.max() ?? 4)
    guard widths.allSatisfy({ $0.value == min(base / $0.key, most) }) else {
      let found = widths.sorted { $0.key < $1.key }.map { "\($0.value) at \($0.key)" }
      throw damaged(
        "widths that halve as the resolution doubles", found: found.joined(separator: ", "))
    }
    return (base, most)
  }

  /// The taps along one axis of a stored filter, in the smallest whole numbers if there are such;
  /// nil if there is no filter of that name.
  func taps(_ name: String) throws(FileError) -> [Double]? {
    guard let stored = parameters[name] else { return nil }
    let shape = stored.shape
    guard [1, 2].contains(shape.count), Set(shape).count == 1, (1...64).contains(shape[0]),
      let filter = try? stored.read()
    else { throw damaged("\(name): a small square filter", found: "\(shape)") }
    let values = filter.values(as: Float.self).map(Double.init)
    let size = shape[0]
    let rows = (0..<size).map { row in
      shape.count == 1 ? values[row] : values[row * size..<(row + 1) * size].reduce(0, +)
    }
    let sum = rows.reduce(0, +)
    guard sum.isFinite, sum != 0 else { throw damaged("\(name): a filter", found: "sum \(sum)") }
    let taps = rows.map { $0 / sum }
    let isProduct =
      shape.count == 1
      || values.indices.allSatisfy {
        abs(values[$0] / sum - taps[$0 / size] * taps[$0 % size]) < 1e-5
      }
    guard isProduct else { throw damaged("\(name): the product of two rows", found: "another") }
    let whole = taps.map { ($0 / taps[0]).rounded() }
    let isWhole = zip(taps, whole).allSatisfy { abs($0 / taps[0] - $1) < 1e-4 }
    return isWhole ? whole : taps
  }

  /// An error about what the shapes say.
  func damaged(_ expected: String, found: String) -> FileError {
    FileError(.damaged, file: file, expected: expected, found: found)
  }
}
