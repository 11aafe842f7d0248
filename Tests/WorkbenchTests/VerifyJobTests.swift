// Checks of checkpoints: every published fact beside what a file holds, one by one.

import Checkpoints
import Formats
import Networks
import OrderedCollections
import TestSupport
import Testing
import Workbench

@Suite("Verify jobs")
struct VerifyJobTests {
  private let labelled = caseFile("checkpoint-stylegan2-ada-pkl-cond/network-protocol4.pkl")

  /// What the authors would say about the labelled case.
  private func published() throws -> PublishedNetwork {
    var network = try #require(PublishedNetwork.named("stylegan2-ada-cifar10"))
    network.resolution = 16
    var facts = PublishedNetwork.Facts.unknown
    (facts.zDim, facts.wDim, facts.labelDim, facts.mappingLayers) = (16, 16, 3, 8)
    (facts.channelBase, facts.channelMax) = (128, 8)
    (facts.generatorParameters, facts.discriminatorParameters) = (6718, 4432)
    network.facts = facts
    return network
  }

  private func checks(
    _ file: String, _ network: PublishedNetwork
  ) async throws -> [VerifyJob.Check] {
    let job = VerifyJob(file, published: network, provenance: provenance(0))
    return try await job.run(into: nil, progress: silently).checks
  }

  @Test("a file that is all that was published holds in everything")
  func holds() async throws {
    let checks = try await checks(labelled, published())
    #expect(checks.allSatisfy { $0.verdict == .holds }, "\(checks.map(\.line))")
    #expect(
      checks.map(\.subject) == [
        "G: tensors of stylegan2", "D: tensors of stylegan2-discriminator",
        "G_ema: tensors of stylegan2", "form", "networks", "kind", "resolution", "length of z",
        "length of w", "length of labels", "layers of the mapping", "channel base",
        "most channels", "parameters of the generator", "parameters of the discriminator",
        "picture of seed 0",
      ])
  }

  @Test("each fact that differs fails by itself, with what was expected and found")
  func differences() async throws {
    func fails(
      _ lines: String..., sourceLocation: SourceLocation = #_sourceLocation,
      _ change: (inout PublishedNetwork) -> Void
    ) async throws {
      var network = try published()
      change(&network)
      let failing = try await checks(labelled, network).filter { $0.verdict == .fails }
      #expect(failing.map(\.line) == lines, sourceLocation: sourceLocation)
    }
    try await fails("FAILS: length of z: expected 512, found 16") { $0.facts.zDim = 512 }
    try await fails("FAILS: length of w: expected 512, found 16") { $0.facts.wDim = 512 }
    try await fails("FAILS: length of labels: expected 10, found 3") { $0.facts.labelDim = 10 }
    try await fails("FAILS: layers of the mapping: expected 4, found 8") {
      $0.facts.mappingLayers = 4
    }
    try await fails("FAILS: channel base: expected 64, found 128") { $0.facts.channelBase = 64 }
    try await fails("FAILS: most channels: expected 512, found 8") { $0.facts.channelMax = 512 }
    try await fails("FAILS: parameters of the generator: expected 1,000, found 6,718") {
      $0.facts.generatorParameters = 1000
    }
    try await fails("FAILS: parameters of the discriminator: expected 7, found 4,432") {
      $0.facts.discriminatorParameters = 7
    }
    try await fails("FAILS: resolution: expected 32, found 16") { $0.resolution = 32 }
    try await fails("FAILS: kind: expected stylegan1, found stylegan2") { $0.kind = "stylegan1" }
    try await fails("FAILS: networks: expected G, E, found G, D, G_ema") { $0.roles = ["G", "E"] }
    try await fails(
      "FAILS: form: expected torch file with rosinality's names, "
        + "found pickle of NVIDIA's PyTorch networks"
    ) { $0.form = .rosinality }
  }

  @Test("what nobody published is listed and not checked")
  func unknown() async throws {
    var network = try published()
    network.facts = PublishedNetwork.Facts.unknown
    let checks = try await checks(labelled, network).filter { $0.verdict == .notChecked }
    #expect(
      checks.map(\.line) == [
        "not checked: length of z: nothing published, found 16",
        "not checked: length of w: nothing published, found 16",
        "not checked: length of labels: nothing published, found 3",
        "not checked: layers of the mapping: nothing published, found 8",
        "not checked: channel base: nothing published, found 128",
        "not checked: most channels: nothing published, found 8",
        "not checked: parameters of the generator: nothing published, found 6,718",
        "not checked: parameters of the discriminator: nothing published, found 4,432",
      ])
  }

  @Test("StyleGAN's networks are checked as others are")
  func styleGAN1() async throws {
    let file = caseFile("checkpoint-stylegan1-tf-pkl/network-snapshot-000001.pkl")
    var network = try #require(PublishedNetwork.named("karras2019stylegan-ffhq-1024x1024"))
    network.resolution = 16
    let job = VerifyJob(file, published: network, provenance: provenance(0))
    let lines = try await job.run(into: nil, progress: silently).checks.map(\.line)
    #expect(
      lines.contains(
        "holds: G_ema: tensors of stylegan1: expected all, of the right shapes, finite, "
          + "found 61 such"))
    #expect(lines.contains("holds: layers of the mapping: expected 8, found 8"))
    #expect(
      lines.contains(
        "FAILS: parameters of the generator: expected 26,219,627, found 4,725"))
    #expect(lines.contains("holds: picture of seed 0: expected more than one value, found 95"))
  }

  @Test("networks of one file that differ are told apart")
  func mixed() async throws {
    try await withScratchFolder { folder in
      let path = "\(folder)/mixed.pt"
      var networks = try Checkpoint.open(labelled).networks
      networks["G"] = try Checkpoint.open(try #require(plainFile)).networks["G"]
      try NVIDIAStateFile.write(networks, to: path)
      let lines = try await checks(path, published()).filter { $0.verdict == .fails }.map(\.line)
      #expect(
        lines.dropFirst() == [
          "FAILS: length of labels: expected 3, found 3 in G_ema, 0 in G, 3 in D",
          "FAILS: layers of the mapping: expected 8, found 8 in G_ema, 2 in G",
          "FAILS: parameters of the generator: expected 6,718, found 6,718 in G_ema, 4,766 in G",
        ])
    }
  }

  @Test("a discriminator by itself is whole without a picture")
  func discriminatorOnly() async throws {
    try await withScratchFolder { folder in
      let (path, plain) = ("\(folder)/d.safetensors", try #require(plainFile))
      let network = try #require(try Checkpoint.open(plain).networks["D"])
      try network.writeNetworkFile(role: "D", notes: NetworkFileNotes(), to: path)
      let job = try VerifyJob(path, published: String?.none, provenance: provenance(0))
      let outcome = try await job.run(into: nil, progress: silently)
      #expect(outcome.failure == nil)
      #expect(outcome.checks.map(\.verdict) == [.holds, .notChecked])
    }
  }

  private var plainFile: String? {
    guard case .file(let path) = plainNetwork else { return nil }
    return path
  }

  // MARK: Names

  @Test(
    "a mistyped name is answered with the nearest",
    arguments: [
      ("stylegan2-ada-ffqh", "stylegan2-ada-ffhq"), ("ffhq", "stylegan2-ada-ffhq"),
      ("550000.pt", "rosinality-550000"),
      ("karras2019stylegan-cars", "karras2019stylegan-cars-512x384"),
    ])
  func suggestions(typed: String, meant: String) {
    refuses("found \(typed); did you mean '\(meant)'?") {
      _ = try VerifyJob("x", published: typed, provenance: provenance(0))
    }
  }

  @Test("a name that is far from all gets no suggestion")
  func noSuggestion() {
    #expect(suggestion(for: "something-else-altogether", among: ["ffhq"]) == nil)
    #expect(suggestion(for: String(repeating: "a", count: 1000), among: ["a"]) == nil)
    #expect(suggestion(for: "inspct", among: ["verify", "inspect"]) == "inspect")
  }
}

@Suite("Inspect jobs")
struct InspectJobTests {
  @Test("every file is looked into; the first that cannot be read decides the exit code")
  func goesOn() throws {
    let others = caseFile("checkpoint-rosinality-pt/views-zip.pt")
    guard case .file(let plain) = plainNetwork else { preconditionFailure("no file") }
    let findings = try InspectJob([plain, others, "/absent", plain]).run(progress: silently)
    let reasons = findings.map { finding in
      if case .failure(let failure) = finding { failure.reason } else { "report" }
    }
    #expect(reasons.count == 4 && reasons[0] == "report" && reasons[3] == "report")
    #expect(reasons[1].contains("found a dictionary of base, tail"))
    #expect(reasons[2].contains("/absent: missing"))
    #expect(InspectJob.exitCode(for: findings) == 65)
    #expect(InspectJob.exitCode(for: [findings[2], findings[1]]) == 66)
    #expect(InspectJob.exitCode(for: [findings[0]]) == 0)
  }
}
