// From rosinality's names and forms of tensors to NVIDIA's.

public import Formats
public import Layers
public import OrderedCollections

/// Parameters of one of rosinality's networks under NVIDIA's names and in NVIDIA's form.
///
/// - Parameters:
///   - parameters: All tensors of the network under rosinality's names.
///   - isGenerator: Whether it is a generator, else a discriminator.
///   - file: The file's name for errors.
/// - Returns: The parameters; filters, noise and the mean of w may be missing.
/// - Throws: `FileError` that names the tensors that are missing or unknown, or one with other axes.
public func namedByNVIDIA(
  rosinality parameters: OrderedDictionary<String, StoredParameter>, isGenerator: Bool, file: String
) throws(FileError) -> OrderedDictionary<String, StoredParameter> {
  var remaining = parameters
  var renamed: StoredParameters = [:]
  var missing: [String] = []
  for name in RosinalityName.table(for: parameters, isGenerator: isGenerator) {
    guard let found = remaining.removeValue(forKey: name.theirs) else {
      // Noise and filters follow from elsewhere if they are not there; old files have no noise.
      if !name.isOptional { missing.append(name.theirs) }
      continue
    }
    guard let shape = name.form.ours(found.shape) else {
      throw FileError(
        .damaged, file: file, expected: "\(name.theirs) with axes of length 1 around it",
        found: "\(found.shape)")
    }
    renamed[name.ours] = found.reshaped(shape).scaled(by: 1 / name.form.gain)
  }
  let unknown = shortened(remaining.keys.sorted())
  guard missing.isEmpty else {
    throw FileError(
      .damaged, file: file, expected: "rosinality's StyleGAN2 with \(shortened(missing))",
      found: remaining.isEmpty ? "none of that" : "none of that, and the unknown \(unknown)")
  }
  guard remaining.isEmpty else {
    throw FileError(
      .damaged, file: file, expected: "only tensors of rosinality's StyleGAN2", found: unknown)
  }
  return renamed
}

extension RosinalityName {
  /// The names that the network has, by the last block and layer of which anything is there.
  fileprivate static func table(
    for parameters: StoredParameters, isGenerator: Bool
  ) -> [RosinalityName] {
    /// The largest number behind `part`, as far as there can be so many.
    func last(_ part: String, limit: Int) -> Int? {
      parameters.keys.compactMap { name in
        let words = name.split(separator: ".", maxSplits: 2)
        guard words.count == 3, words[0] == part else { return nil }
        return Int(words[1])
      }.filter { (0...limit).contains($0) }.max()
    }
    guard isGenerator else {
      return discriminator(resolution: 4 << (last("convs", limit: 10) ?? 0))
    }
    let blocks = last("to_rgbs", limit: 9).map { $0 + 1 } ?? 0
    return generator(resolution: 4 << blocks, mappingLayers: last("style", limit: 64) ?? 0)
  }
}
