// Whether a file is the one that its authors published: every published fact beside what the file
// holds.

import Checkpoints
import Networks

extension PublishedNetwork {
  /// The network of a name.
  ///
  /// - Parameter name: What was typed.
  /// - Throws: `RequestError` if there is none, with the nearest name.
  init(named name: String) throws(RequestError) {
    if let found = Self.named(name) {
      self = found
      return
    }
    // People also type the file as it was published, with or without its ending.
    var names: [String: String] = [:]
    for network in Self.all.reversed() {
      let stem = network.file.split(separator: ".").dropLast().joined(separator: ".")
      for spelling in [network.file, stem, network.name] { names[spelling] = network.name }
    }
    let near = suggestion(for: name, among: names.keys.sorted()).flatMap { names[$0] }
    throw RequestError(
      "published", expected: "a name that `stylist model list` shows",
      found: name + (near.map { "; did you mean '\($0)'?" } ?? ""))
  }

  /// Every published fact beside what a file holds; facts that nobody published are not checked.
  ///
  /// - Parameter report: What the file holds.
  /// - Returns: A check of each fact.
  func checks(_ report: CheckpointReport) -> [VerifyJob.Check] {
    let all = report.networks
    let (generators, discriminators) = (
      all.filter { $0.role != "D" }, all.filter { $0.role == "D" }
    )
    func size(
      _ subject: String, _ expected: Int?, of networks: [CheckpointReport.Network],
      _ size: (Sizes) -> Int?
    ) -> VerifyJob.Check {
      let found = networks.map { ($0.role, size(Sizes($0.configuration)).map(String.init)) }
      return check(subject, expected.map(String.init), found)
    }
    func count(
      _ subject: String, _ expected: Int?, of networks: [CheckpointReport.Network]
    ) -> VerifyJob.Check {
      let found = networks.map { ($0.role, $0.parameterCount.map(grouped)) }
      return check(
        subject, expected.map(grouped), found,
        silence: networks.isEmpty ? "no such network" : "a network that cannot be built yet")
    }
    return [
      check("form", form.rawValue, [("file", report.form.rawValue)]),
      rolesCheck(all.map(\.role)),
      check("kind", kind, generators.map { ($0.role, $0.kind) }),
      size("resolution", resolution, of: all) { $0.resolution },
      size("length of z", facts.zDim, of: generators) { $0.zDim },
      size("length of w", facts.wDim, of: generators) { $0.wDim },
      size("length of labels", facts.labelDim, of: all) { $0.labelDim },
      size("layers of the mapping", facts.mappingLayers, of: generators) { $0.mappingLayers },
      size("channel base", facts.channelBase, of: all) { $0.channelBase },
      size("most channels", facts.channelMax, of: all) { $0.channelMax },
      count("parameters of the generator", facts.generatorParameters, of: generators),
      count("parameters of the discriminator", facts.discriminatorParameters, of: discriminators),
    ]
  }

  private func rolesCheck(_ found: [String]) -> VerifyJob.Check {
    VerifyJob.Check(
      "networks", roles.allSatisfy(found.contains) ? .holds : .fails,
      expected: roles.joined(separator: ", "), found: found.joined(separator: ", "))
  }

  /// A fact beside what each network has; networks that do not say are left out, and where none
  /// says, `silence` is why.
  private func check(
    _ subject: String, _ expected: String?, _ networks: [(role: String, value: String?)],
    silence: String = "no such network"
  ) -> VerifyJob.Check {
    let found = networks.compactMap { role, value in value.map { (role: role, value: $0) } }
    let values = Set(found.map(\.value))
    let list =
      values.count > 1
      ? found.map { "\($0.value) in \($0.role)" }.joined(separator: ", ")
      : values.first ?? silence
    guard let expected, !found.isEmpty else {
      return VerifyJob.Check(subject, .notChecked, expected: expected, found: list)
    }
    return VerifyJob.Check(
      subject, values == [expected] ? .holds : .fails, expected: expected, found: list)
  }
}

/// The sizes that are published, as far as a network has them.
private struct Sizes {
  let resolution: Int?
  let labelDim: Int?
  let channelBase: Int?
  let channelMax: Int?
  var zDim: Int?
  var wDim: Int?
  var mappingLayers: Int?

  init(_ configuration: any NetworkConfiguration) {
    switch configuration {
    case let c as StyleGAN1Configuration:
      (resolution, labelDim) = (c.resolution, c.labelDim)
      (channelBase, channelMax) = (c.featureBase, c.featureMax)
      (zDim, wDim, mappingLayers) = (c.zDim, c.wDim, c.mappingLayers)
    case let c as StyleGAN1DiscriminatorConfiguration:
      (resolution, labelDim) = (c.resolution, c.labelDim)
      (channelBase, channelMax) = (c.featureBase, c.featureMax)
    case let c as StyleGAN2Configuration:
      (resolution, labelDim) = (c.resolution, c.labelDim)
      (channelBase, channelMax) = (c.channelBase, c.channelMax)
      (zDim, wDim, mappingLayers) = (c.zDim, c.wDim, c.mappingLayers)
    case let c as StyleGAN2DiscriminatorConfiguration:
      (resolution, labelDim) = (c.resolution, c.labelDim)
      (channelBase, channelMax) = (c.channelBase, c.channelMax)
    case let c as any TransformerConfiguration:
      (resolution, labelDim, channelBase, channelMax) = (c.resolution, 0, nil, nil)
      (zDim, wDim, mappingLayers) = (c.shape.wDim, c.shape.wDim, c.shape.mappingLayers)
    case let c as WaveletDiscriminatorConfiguration:
      (resolution, labelDim, channelBase, channelMax) = (c.resolution, c.labelDim, nil, nil)
    default:
      (resolution, labelDim, channelBase, channelMax) = (nil, nil, nil, nil)
    }
  }
}
