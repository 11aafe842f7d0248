// The parts of computed tensors that cases store: samples, slices, statistics and facts.

package import Tensors

/// How a stored tensor is taken from a computed one.
package struct StoredPart: Sendable {
  /// The name of the computed tensor.
  package let whole: String
  private let kind: Kind

  /// What is stored of the whole.
  private enum Kind: Sendable {
    case samples(offset: Int, stride: Int, count: Int?)
    case slices([Slice])
    case statistics([Statistic])
    case shape
    case stride(Int)
  }

  /// Every `step`-th position of one axis from `start` up to but not including `stop`.
  private struct Slice: Sendable {
    let start, stop, step: Int
  }

  /// A number over all elements.
  fileprivate enum Statistic: String, CaseIterable, JSONReadable, Sendable {
    case mean
    case standardDeviation = "std_population"
    case absoluteSum = "abs_sum"
    case sum, min, max
  }

  /// The part as it is compared.
  ///
  /// - Parameters:
  ///   - full: The whole computed tensor.
  ///   - storedShape: The shape that slices take.
  /// - Returns: The part.
  /// - Throws: `CaseError` if the whole has no such part.
  package func taken(from full: Tensor, storedShape: [Int]) throws(CaseError) -> Tensor {
    switch kind {
    case .samples(let offset, let stride, let count):
      let all = full.reshaped(-1)
      let part = all.sliced(min(offset, all.count)..<all.count, axis: 0, step: stride)
      return part.sliced(0..<min(count ?? part.count, part.count), axis: 0)
    case .slices(let slices): return try Self.sliced(full, slices, storedShape)
    case .statistics(let fields):
      guard full.count > 0 else { throw CaseError("statistics of a tensor \(full.shape)") }
      let x = full.cast(to: .float64)
      return Tensor.stack(fields.map { $0.value(x) }).cast(to: .float32)
    case .shape: return Tensor(full.shape)
    case .stride(let stride): return Tensor([stride])
    }
  }

  private static func sliced(_ full: Tensor, _ slices: [Slice], _ storedShape: [Int])
    throws(CaseError) -> Tensor
  {
    guard slices.count == full.rank else {
      throw CaseError("\(slices.count) slices of a tensor \(full.shape)")
    }
    var part = full
    for (axis, slice) in slices.enumerated() {
      let stop = min(slice.stop, full.size(axis))
      part = part.sliced(min(slice.start, stop)..<stop, axis: axis, step: slice.step)
    }
    return part.count == storedShape.reduce(1, *) ? part.reshaped(storedShape) : part
  }
}

extension StoredPart.Statistic {
  func value(_ x: Tensor) -> Tensor {
    switch self {
    case .mean: x.mean()
    case .standardDeviation: (x - x.mean()).square().mean().sqrt()
    case .absoluteSum: x.abs().sum()
    case .sum: x.sum()
    case .min: x.min()
    case .max: x.max()
    }
  }
}

// MARK: - Reading

extension StoredPart {
  /// Reads the fields `subsample`, `statistics` and `metadata` of a case.
  ///
  /// - Parameter file: The case file's outermost object.
  /// - Returns: The parts by the names under which they are stored.
  /// - Throws: `CaseError` if a part is not described as the format says, or twice.
  package static func all(in file: StrictObject) throws(CaseError) -> [String: StoredPart] {
    var parts: [String: StoredPart] = [:]
    func add(_ part: StoredPart, _ name: String) throws(CaseError) {
      guard parts.updateValue(part, forKey: name) == nil else {
        throw CaseError("\(name) is described twice")
      }
    }
    let samples = try file.object("subsample")
    for name in samples.keys { try add(sample(samples.object(name)), name) }
    let statistics = try file.object("statistics")
    for name in statistics.keys {
      let object = try statistics.object(name)
      let fields: [Statistic] = try object.value("fields")
      guard !fields.isEmpty else { throw CaseError("\(object.path).fields is empty") }
      try add(StoredPart(whole: try object.value("of"), kind: .statistics(fields)), name)
    }
    let metadata = try file.object("metadata")
    for name in metadata.keys { try add(fact(metadata.object(name), parts), name) }
    return parts
  }

  private static func sample(_ object: StrictObject) throws(CaseError) -> StoredPart {
    let whole: String = try object.value("of")
    if let triples = try object.optional("slices", as: [[Int]].self) {
      return StoredPart(whole: whole, kind: .slices(try slices(triples, object.path)))
    }
    let (offset, stride): (Int, Int) = (try object.value("offset"), try object.value("stride"))
    let count: Int? = try object.optional("count")
    guard offset >= 0, stride >= 1, count ?? 0 >= 0 else {
      throw CaseError("\(object.path): expected no negative number and a stride of at least 1")
    }
    return StoredPart(whole: whole, kind: .samples(offset: offset, stride: stride, count: count))
  }

  private static func slices(_ triples: [[Int]], _ path: String) throws(CaseError) -> [Slice] {
    var slices: [Slice] = []
    for triple in triples {
      guard triple.count == 3, triple[0] >= 0, triple[1] >= triple[0], triple[2] >= 1 else {
        throw CaseError("\(path).slices: expected [start, stop, step], found \(triple)")
      }
      slices.append(Slice(start: triple[0], stop: triple[1], step: triple[2]))
    }
    return slices
  }

  private static func fact(_ object: StrictObject, _ parts: [String: StoredPart])
    throws(CaseError) -> StoredPart
  {
    let whole: String = try object.value("of")
    let value: String = try object.value("value")
    if value == "shape" { return StoredPart(whole: whole, kind: .shape) }
    let strides = parts.values.compactMap { $0.whole == whole ? $0.sampleStride : nil }
    guard value == "stride", let stride = strides.first, strides.allSatisfy({ $0 == stride }) else {
      throw CaseError("\(object.path): expected shape, or the stride of a subsample of \(whole)")
    }
    return StoredPart(whole: whole, kind: .stride(stride))
  }

  private var sampleStride: Int? {
    guard case .samples(_, let stride, _) = kind else { return nil }
    return stride
  }
}
