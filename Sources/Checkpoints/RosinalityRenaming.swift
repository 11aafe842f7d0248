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
/// - Throws: `FileError` if a tensor is missing, unknown, or has other axes.
public func namedByNVIDIA(
  rosinality parameters: OrderedDictionary<String, StoredParameter>, isGenerator: Bool, file: String
) throws(FileError) -> OrderedDictionary<String, StoredParameter> {
  var remaining = parameters
  var renamed: StoredParameters = [:]
  for name in RosinalityName.table(for: parameters, isGenerator: isGenerator) {
    guard let found = remaining.removeValue(forKey: name.theirs) else {
      // Noise and filters follow from elsewhere if they are not there; old files have no noise.
      if name.isOptional { continue }
      throw FileError(.damaged, file: file, expected: "a tensor \(name.theirs)", found: "none")
    }
    guard let shape = name.form.ours(found.shape) else {
      throw FileError(
        .damaged, file: file, expected: "\(name.theirs) with axes of length 1 around it",
        found: "\(found.shape)")
    }
    renamed[name.ours] = found.reshaped(shape).scaled(by: 1 / name.form.gain)
  }
  guard let unknown = remaining.keys.min() else { return renamed }
  throw FileError(
    .damaged, file: file, expected: "only tensors of rosinality's StyleGAN2",
    found: "\(unknown)" + (remaining.count > 1 ? " and \(remaining.count - 1) more" : ""))
}

extension RosinalityName {
  /// The names that the network has, by how many blocks and layers are there.
  fileprivate static func table(
    for parameters: StoredParameters, isGenerator: Bool
  ) -> [RosinalityName] {
    func count(_ name: (Int) -> String) -> Int {
      (0...64).first { parameters[name($0)] == nil } ?? 64
    }
    guard isGenerator else {
      let blocks = min(count { "convs.\($0 + 1).conv1.0.weight" }, 10)
      return discriminator(resolution: 4 << blocks)
    }
    let blocks = min(count { "to_rgbs.\($0).conv.weight" }, 10)
    let layers = count { "style.\($0 + 1).weight" }
    return generator(resolution: 4 << blocks, mappingLayers: layers)
  }
}
