// One case of published numbers: what to compute, from what, and what must come out.

package import Formats
package import OrderedCollections

/// A case folder, read and checked.
package struct ParityCase: Sendable {
  /// The folder that holds the case.
  package let folder: String
  /// The system that the case belongs to, such as `StyleGAN2-ADA`.
  package let system: String
  /// What is computed, such as `s2_generator`; together with the system it decides who computes it.
  package let kind: String
  /// What the kind needs to know; every key must be used.
  package let config: JSON
  package let seed: UInt64
  package let tolerances: ToleranceTable
  package let parameters: OrderedDictionary<String, FilledTensor>
  package let inputs: OrderedDictionary<String, CaseInput>
  package let expected: OrderedDictionary<String, StoredTensor>
  package let parts: [String: StoredPart]
  package let signs: [String: SignFreedom]

  /// Reads `case.json` and the header of `expected.safetensors`.
  ///
  /// - Parameter folder: The folder that holds both.
  /// - Throws: `FileError` or `CaseError` if a file cannot be read or is not as the format says.
  package init(folder: String) throws {
    self.folder = folder
    let path = "\(folder)/case.json"
    let file = try StrictObject(JSON(ByteRegion(mapping: path)), path: "case.json")
    for text in ["case", "source", "notes"] { _ = try file.optional(text, as: String.self) }
    system = try file.value("system")
    config = try file.value("config")
    kind = try Self.kind(in: config)
    seed = UInt64(bitPattern: Int64(try file.value("seed") as Int))
    tolerances = try ToleranceTable(file.object("tolerance"))
    parameters = try Self.named(file.objects("parameters"), FilledTensor.init)
    inputs = try Self.named(file.objects("inputs"), CaseInput.init)
    let stored = try Safetensors(path: "\(folder)/expected.safetensors")
    expected = OrderedDictionary(
      uniqueKeysWithValues: stored.names.compactMap { name in
        stored.tensors[name].map { (name, $0) }
      })
    parts = try StoredPart.all(in: file)
    signs = try Self.signs(file.object("up_to_sign"), expected)
    try Self.check(names: file.value("expected"), expected, described: Array(parts.keys))
    try file.requireFullyRead()
  }

  private static func kind(in config: JSON) throws(CaseError) -> String {
    try StrictObject(config, path: "config").value("kind")
  }

  private static func named<Element>(
    _ objects: [StrictObject], _ make: (String, StrictObject) throws -> Element
  ) throws -> OrderedDictionary<String, Element> {
    var elements: OrderedDictionary<String, Element> = [:]
    for object in objects {
      let name: String = try object.value("name")
      guard elements.updateValue(try make(name, object), forKey: name) == nil else {
        throw CaseError("\(object.path): a second \(name)")
      }
    }
    return elements
  }

  private static func signs(
    _ object: StrictObject, _ expected: OrderedDictionary<String, StoredTensor>
  ) throws(CaseError) -> [String: SignFreedom] {
    var signs: [String: SignFreedom] = [:]
    for name in object.keys {
      guard expected[name]?.shape.count == 2 else {
        throw CaseError("\(object.path).\(name): expected an expected matrix")
      }
      signs[name] = try object.value(name)
    }
    return signs
  }

  private static func check(
    names: [String], _ expected: OrderedDictionary<String, StoredTensor>, described: [String]
  ) throws(CaseError) {
    let unequal = Set(names).symmetricDifference(expected.keys).sorted()
    guard unequal.isEmpty else {
      throw CaseError("\(unequal[0]) stands in one of case.json and expected.safetensors only")
    }
    guard !names.isEmpty else { throw CaseError("case.json: nothing is expected") }
    for name in described.sorted() where expected[name] == nil {
      throw CaseError("\(name) is described, but not expected")
    }
  }
}

/// An input of a case: numbers to be filled in, or one value.
package enum CaseInput: Sendable {
  case filled(FilledTensor)
  case value(JSON)

  init(name: String, _ object: StrictObject) throws(CaseError) {
    if let value = try object.optional("value", as: JSON.self) {
      self = .value(value)
    } else {
      self = .filled(try FilledTensor(name: name, object))
    }
  }
}

extension FilledTensor {
  init(name: String, _ object: StrictObject) throws(CaseError) {
    try self.init(
      name: name, shape: object.value("shape"), low: object.value("low"),
      high: object.value("high"))
  }
}
