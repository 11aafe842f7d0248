// `stylist model`: list, inspect and verify, as people call them.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// A published training file in rosinality's form, and StyleGAN's TensorFlow file.
let rosinalityFile = caseFile("checkpoint-rosinality-pt/training-zip.pt")
let tensorFlowFile = caseFile("checkpoint-stylegan1-tf-pkl/network-snapshot-000001.pkl")

@Suite("Model commands")
struct ModelCommandTests {
  // MARK: list and inspect

  @Test("list names the published networks and says that none was opened")
  func list() async throws {
    let outcome = try await stylist(["model", "list"])
    #expect(outcome.exitCode == 0)
    for name in ["stylegan2-ada-ffhq", "karras2019stylegan-cars-512x384", "rosinality-550000"] {
      let line = outcome.stdout.split(separator: "\n").first { $0.contains(" \(name) ") }
      #expect(line?.contains("original not opened") == true, "\(name)")
    }
    #expect(outcome.stdout.contains("stylegan2-256"))
    let json = try await stylist(["model", "list", "--json"]).json()
    #expect((json["published"] as? [[String: Any]])?.count ?? 0 > 30)
  }

  @Test("inspect shows family, configuration, parameters and hash of every network")
  func inspect() async throws {
    let outcome = try await stylist(["model", "inspect", rosinalityFile, tensorFlowFile])
    #expect(outcome.exitCode == 0)
    for words in [
      "G_ema: stylegan2, 4,590 parameters", "D: stylegan2-discriminator, 4,193 parameters",
      #""resolution":16"#, "content hash", "estimated from 4096 samples", "g_optim",
      "G: stylegan1", "cannot be built yet",
    ] { #expect(outcome.stdout.contains(words), "\(words)") }
  }

  @Test("inspect as JSON gives the hash that the library computes")
  func inspectJSON() async throws {
    let outcome = try await stylist(["model", "inspect", plainNetwork, "--json"])
    let reports = try JSONSerialization.jsonObject(with: Data(outcome.stdout.utf8))
    let report = try #require((reports as? [[String: Any]])?.first)
    let networks = try #require(report["networks"] as? [[String: Any]])
    #expect(networks.compactMap { $0["role"] as? String } == ["G", "D", "G_ema"])
    let checkpoint = try Checkpoint.open(plainNetwork)
    for network in networks {
      let role = try #require(network["role"] as? String)
      let hash = try checkpoint.networks[role]?.contentHash()
      #expect(network["content_hash"] as? String == hash)
    }
  }

  // MARK: verify

  @Test("verify draws the picture of seed 0, and says in it how to make it again")
  func verify() async throws {
    try await withScratchFolder { folder in
      let outcome = try await stylist(["model", "verify", plainNetwork, "--outdir=\(folder)"])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(names(in: folder) == ["network-protocol4-seed0000.png"])
      let png = try PNG(path: "\(folder)/network-protocol4-seed0000.png")
      let command = try #require(png.texts.first { $0.key == "Command" }?.value)
      #expect(command.contains("--seeds=0"))
      let again = try await stylist([
        "generate", "--network=\(plainNetwork)", "--seeds=0", "--outdir=\(folder)/again",
      ])
      #expect(again.exitCode == 0)
      #expect(try PNG(path: "\(folder)/again/seed0000.png").image == png.image)
    }
  }

  @Test("verify ends with 2 where a file is not what was published, and names what differs")
  func unpublished() async throws {
    let outcome = try await stylist([
      "model", "verify", plainNetwork, "--published=stylegan2-ffhq-config-f",
    ])
    #expect(outcome.exitCode == 2)
    #expect(outcome.stdout.contains("FAILS: its pictures are 1024×1024; found 16×16"))
    #expect(outcome.stdout.contains("FAILS: it has 30,370,060 parameters; found 4,766"))
    #expect(outcome.words.count == 1)
  }

  @Test("verify ends with 2 where numbers are not finite or a network cannot be built yet")
  func unsound() async throws {
    try await withScratchFolder { folder in
      let path = "\(folder)/nan.safetensors"
      let g = smallGenerator()
      withoutGradients {
        let const = g.parameters["synthesis.b4.const"]
        const.assign(const * .nan)
      }
      try writeNetworkFile(g.parameters, configuration: g.configuration, to: path)
      let outcome = try await stylist(["model", "verify", path])
      #expect(outcome.exitCode == 2)
      #expect(outcome.stdout.contains("not finite: synthesis.b4.const"))
    }
    #expect(try await stylist(["model", "verify", tensorFlowFile]).exitCode == 2)
  }

  @Test("verify refuses a published name that there is not")
  func unknownName() async throws {
    let outcome = try await stylist(["model", "verify", plainNetwork, "--published=ffhq"])
    expect(outcome, endsWith: 64, saying: "stylist model list")
  }
}

/// An untrained generator of 8×8 pictures.
func smallGenerator(
  _ change: (inout StyleGAN2Configuration) -> Void = { _ in }
) -> StyleGAN2 {
  var configuration = StyleGAN2Configuration(resolution: 8)
  (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (4, 4, 2)
  (configuration.channelBase, configuration.channelMax) = (32, 4)
  change(&configuration)
  return StyleGAN2(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
}
