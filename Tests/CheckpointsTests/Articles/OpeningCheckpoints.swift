// The code of the article "Opening checkpoints", and what it says about it.

import Checkpoints
import Formats
import Networks
import OrderedCollections
import TestSupport
import Testing

@Suite("Opening checkpoints") struct OpeningCheckpointsArticleTests {
  private let path = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")

  @Test("goes from a file to networks and back to a file")
  func article() throws {
    try withScratchFolder { folder in
      let copy = "\(folder)/copy.safetensors"

      let checkpoint = try Checkpoint.open(path)
      print(checkpoint.format)
      for (role, network) in checkpoint.networks {
        print(role, network.tensors.count, try network.contentHash())
      }
      #expect(Array(checkpoint.networks.keys) == ["G", "D", "G_ema"])

      guard let (role, network) = checkpoint.preferredGenerator else { return }
      let traits = try network.generatorTraits()  // without memory for the network
      let generator = try network.makeGenerator()  // with all its tensors
      let discriminator = try checkpoint.networks["D"]?.makeDiscriminator()
      #expect(role == "G_ema" && traits == generator.traits)
      #expect(discriminator?.configuration.resolution == traits.resolution)

      if let network = checkpoint.networks["encoder"] {
        let encoder = try network.makeEncoder()
        print(encoder.traits.height, encoder.traits.width, encoder.traits.numWs)
      }

      print(role, network.wAvgSource)  // stored, or: estimated from 4096 samples of seed 0
      if let reason = network.wAvgReason { print(reason) }
      for remark in network.remarks { print(remark) }
      #expect(network.wAvgSource == .stored && network.wAvgReason == nil)

      try network.writeNetworkFile(role: role, notes: NetworkFileNotes(), to: copy)
      let again = try Checkpoint.open(copy).networks[role]
      print(try again?.contentHash() == network.contentHash())  // true
      #expect(try again?.contentHash() == network.contentHash())

      var notes = NetworkFileNotes()
      (notes.kimg, notes.licence) = (25_000, "CC0-1.0")
      notes.wAvgSource = generator.wAvgSource
      try writeNetworkFile(
        generator.parameters, configuration: generator.configuration, notes: notes, to: copy)
      #expect(try Checkpoint.open(copy).notes == notes)
      #expect(try Checkpoint.open(copy).networks["G_ema"]?.contentHash() == network.contentHash())
    }
  }

  @Test("a pickle that asks for os.system is refused with the line of the article")
  func hostileFile() throws {
    try withScratchFolder { folder in
      let hostile = "\(folder)/hostile.pkl"
      try put(Array("cos\nsystem\n(S'true'\ntR.".utf8), at: hostile)

      do throws(FileError) {
        _ = try Checkpoint.open(hostile)
      } catch {
        print(error)  // the line
        print(error.kind, error.offset ?? 0, error.kind.exitCode)
      }

      let error = try #require(throws: FileError.self) { try Checkpoint.open(hostile) }
      #expect(error.kind == .refusedAsUnsafe && error.kind.exitCode == 77)
      let page = try #require(
        try DocumentationPage.all().first { $0.name == "OpeningCheckpoints" })
      let block = try #require(page.blocks.first { $0.language == "text" })
      #expect("\(error)".replacing("\(folder)/", with: "") == block.lines.joined())
    }
  }

  @Test("the exit codes are those of the article")
  func exitCodes() {
    let codes = FileError.Kind.allCases.map { "\($0.rawValue) \($0.exitCode)" }
    #expect(codes.contains("damaged 65") && codes.contains("notRecognised 65"))
    #expect(codes.contains("unsupported 69") && codes.contains("missing 66"))
    #expect(codes.contains("unreadable 74") && codes.contains("refusedAsUnsafe 77"))
  }
}
