// Encoders and feature networks in conversions, reports and checks.

import Checkpoints
import Formats
import Layers
import Networks
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Encoders in jobs")
struct EncoderConversionTests {
  private func scope() -> Scope {
    Scope(ParameterStore(), generator: TorchGenerator(seed: 1))
  }

  /// Files of a generator, an encoder for it, face recognition and LPIPS, each by itself.
  private func write(into folder: String) throws -> [String] {
    var g = StyleGAN2Configuration(resolution: 8)
    (g.zDim, g.wDim, g.mappingLayers) = (4, 4, 2)
    (g.channelBase, g.channelMax) = (32, 4)
    var trunk = IRSEConfiguration(
      stemWidth: 2, stages: [2, 3, 4].map { .init(width: $0, units: 1) })
    trunk.squeezeReduction = 2
    var encoder = PSpEncoderConfiguration()
    (encoder.head, encoder.shape.trunk) = (.intoW, trunk)
    (encoder.shape.numWs, encoder.shape.wDim) = (4, 4)
    var faces = FaceRecognitionConfiguration()
    (faces.trunk, faces.resolution, faces.featureCount) = (trunk, 16, 3)
    var lpips = LPIPSConfiguration()
    lpips.widthDivisor = 32
    let networks: [(String, ParameterStore, any NetworkConfiguration)] = [
      ("g", StyleGAN2(g, scope()).parameters, g),
      ("encoder", encoder.makeEncoder(scope()).parameters, encoder),
      ("faces", faces.makeFeatures(scope()).parameters, faces),
      ("lpips", LPIPS(lpips, scope()).parameters, lpips),
    ]
    return try networks.map { name, store, configuration in
      let path = "\(folder)/\(name).safetensors"
      try writeNetworkFile(store, configuration: configuration, to: path)
      return path
    }
  }

  @Test("a generator and its encoder become a file each, compared by pictures and codes")
  func convert() throws {
    try withScratchFolder { folder in
      let files = try write(into: folder)
      var job = ConvertJob(
        Array(files.prefix(3)), to: "\(folder)/a.safetensors", form: .safetensors)
      job.seeds = [1]
      let outcome = try job.run(progress: silently)
      #expect(
        outcome.written.map(\.file)
          == ["G_ema", "encoder", "features"].map { "\(folder)/a-\($0).safetensors" })
      #expect(
        outcome.written.flatMap(\.comparisons).map(\.quantity) == ["pictures", "codes", "features"])
      #expect(outcome.written.flatMap(\.comparisons).allSatisfy { $0.worst == 0 })
      job = ConvertJob([files[3]], to: "\(folder)/b.safetensors", form: .safetensors)
      job.seeds = [1]
      let distances = try job.run(progress: silently)
      #expect(distances.written.flatMap(\.comparisons).map(\.quantity) == ["distances"])
    }
  }

  @Test("forms of generators have no room for encoders, which is remarked")
  func leftOut() throws {
    try withScratchFolder { folder in
      let files = try write(into: folder)
      let job = ConvertJob(Array(files.prefix(2)), to: "\(folder)/a.pt", form: .rosinality)
      let plan = try job.plan()
      #expect(plan.files.map(\.roles) == [["G_ema"]])
      #expect(
        plan.remarks == ["left out: encoder; rosinality files have no room for such networks"])
      var asked = job
      asked.roles = ["encoder"]
      #expect(throws: ConversionError.self) { _ = try asked.plan() }
    }
  }

  @Test("reports and checks take encoders for what they are")
  func reports() async throws {
    try await withScratchFolder { folder in
      let file = try write(into: folder)[1]
      let job = try VerifyJob(file, published: String?.none, provenance: provenance(nil))
      let outcome = try await job.run(into: nil, progress: silently)
      #expect(outcome.holds)
      #expect(
        outcome.checks.map(\.subject) == ["encoder: tensors of psp-encoder", "picture of seed 0"])
      #expect(outcome.checks.last?.verdict == .notChecked)
      let network = try #require(outcome.report.networks.first)
      #expect(network.role == "encoder" && network.wAvgSource == nil)
    }
    let broken = try CheckpointReport(of: caseFile("checkpoint-psp/psp.pt"))
    #expect(broken.networks.map(\.role) == ["G_ema"])
    #expect(broken.refusals["encoder"]?.contains("latent_avg of shape") == true)
    #expect(broken.lines.contains { $0.hasPrefix("  encoder: cannot be used: ") })
  }
}
