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
      let group = outcome.stdout.components(separatedBy: "\n\n").first { $0.contains(" \(name) ") }
      #expect(group?.contains("\n  layout tested, original not opened\n") == true, "\(name)")
    }
    for line in [
      "  stylegan2; terms: NVIDIA Source Code License, non-commercial",
      "    stylegan2-ada-ffhq      1024 pixels  ffhq.pkl",
      "    stylegan2-ffhq-config-f    1024 pixels",
    ] { #expect(outcome.stdout.contains("\n\(line)\n"), "\(line)") }
    // Only an address may be longer, which has no spaces.
    let lines = outcome.stdout.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
    #expect(lines.allSatisfy { $0.count <= 76 || !$0.contains(" ") })
    #expect(outcome.stdout.contains("stylegan2-256"))
    let json = try await stylist(["model", "list", "--json"]).json()
    #expect((json["published"] as? [[String: Any]])?.count ?? 0 > 30)
    // A classifier for each attribute of CelebA, by its number and CelebA's name.
    let files = try #require(json["classifiers"] as? [String])
    let attributes = files.map { file in
      String(file.dropFirst("celebahq-classifier-00-".count).dropLast(".pkl".count))
    }
    let known = CelebAAttributes.names.map { $0.lowercased().replacing("_", with: "-") }
    #expect(attributes.sorted() == known.sorted() && files == files.sorted())
    #expect(outcome.stdout.contains("  00-male                 01-smiling "))
  }

  @Test("inspect shows family, configuration, parameters and hash of every network")
  func inspect() async throws {
    let outcome = try await stylist(["model", "inspect", rosinalityFile, tensorFlowFile])
    #expect(outcome.exitCode == 0)
    for words in [
      "G_ema: stylegan2, 4,590 parameters", "D: stylegan2-discriminator, 4,193 parameters",
      #""resolution":16"#, "content hash", "estimated from 4096 samples", "g_optim",
      "G: stylegan1, 4,725 parameters", "D: stylegan1-discriminator, 3,389 parameters",
      "mean of w: estimated from 4096 samples of seed 0; no mean of w in the file",
    ] { #expect(outcome.stdout.contains(words), "\(words)") }
    // Once for each of two generators.
    #expect(outcome.stdout.components(separatedBy: "no mean of w").count == 3)
  }

  @Test("inspect goes on after a file that cannot be read, and ends as the first such asks")
  func inspectSeveral() async throws {
    let others = caseFile("checkpoint-rosinality-pt/views-zip.pt")
    let files = [plainNetwork, others, "absent.pkl", rosinalityFile]
    let outcome = try await stylist(["model", "inspect"] + files)
    #expect(outcome.exitCode == 65)
    #expect(outcome.stdout.contains("\(plainNetwork): pickle"))
    #expect(outcome.stdout.contains("\(rosinalityFile): torch file"))
    #expect(outcome.words.count == 2)
    #expect(outcome.words[0].contains("\(others): not recognised"))
    #expect(outcome.words[1].contains("absent.pkl: missing"))
    let json = try await stylist(["model", "inspect", "--json"] + files.reversed())
    #expect(json.exitCode == 66)
    let findings = try JSONSerialization.jsonObject(with: Data(json.stdout.utf8))
    let reports = try #require(findings as? [[String: Any]])
    #expect(reports.compactMap { $0["file"] as? String } == files.reversed())
    #expect(reports.map { $0["networks"] != nil } == [true, false, false, true])
    #expect((reports[1]["reason"] as? String)?.contains("missing") == true)
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
    let configuration = try #require(networks[0]["configuration"] as? [String: Any])
    #expect(configuration["img_channels"] as? Int == 3 && configuration["num_fp16_res"] != nil)
    #expect(configuration.keys.allSatisfy { $0 == $0.lowercased() })
  }

  @Test("the configuration in our own files keeps its spelling")
  func ownConfiguration() async throws {
    try await withScratchFolder { folder in
      let path = "\(folder)/a.safetensors"
      #expect(try await stylist(["model", "convert", plainNetwork, path]).exitCode == 0)
      let metadata = try Safetensors(path: path).metadata
      #expect(metadata["stylist.configuration"]?.contains(#""imgChannels":3"#) == true)
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
    for line in [
      "FAILS: form: expected pickle of NVIDIA's TensorFlow networks, "
        + "found pickle of NVIDIA's PyTorch networks",
      "holds: networks: expected G, D, G_ema, found G, D, G_ema",
      "FAILS: resolution: expected 1024, found 16", "FAILS: length of z: expected 512, found 16",
      "holds: length of labels: expected 0, found 0",
      "FAILS: channel base: expected 32768, found 128",
      "FAILS: parameters of the generator: expected 30,370,060, found 4,766",
      "FAILS: parameters of the discriminator: expected 29,012,513, found 4,193",
    ] { #expect(outcome.stdout.contains("\(line)\n"), "\(line)") }
    #expect(outcome.words.count == 1)
    let json = try await stylist([
      "model", "verify", plainNetwork, "--published=stylegan2-ffhq-256x256", "--json",
    ]).json()
    let checks = try #require(json["checks"] as? [[String: Any]])
    let unknown = checks.first { $0["subject"] as? String == "channel base" }
    #expect(unknown?["verdict"] as? String == "not checked")
    #expect(unknown?["found"] as? String == "128")
  }

  @Test(
    "verify ends with 2 where numbers are not finite, with 0 for whole networks of every family")
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
    let outcome = try await stylist(["model", "verify", tensorFlowFile])
    #expect(outcome.exitCode == 0)
    #expect(outcome.stdout.contains("holds: G_ema: tensors of stylegan1"))
    #expect(!outcome.stdout.contains("FAILS"))
  }

  @Test("a dry run of verify says what would be checked and written, and does neither")
  func dryVerify() async throws {
    try await withScratchFolder { folder in
      let arguments = [
        "model", "verify", plainNetwork, "--outdir=\(folder)/out", "-n",
        "--published=stylegan2-ada-ffhq",
      ]
      let outcome = try await stylist(arguments)
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      #expect(
        outcome.stdout == """
          would check \(plainNetwork): tensors of G, D, G_ema; facts published of \
          stylegan2-ada-ffhq; picture of seed 0
          would write \(folder)/out/network-protocol4-seed0000.png

          """)
      let json = try await stylist(arguments + ["--json"]).json()
      #expect(Set(json.keys) == ["dry_run", "file", "would_check", "would_write"])
      #expect(json["dry_run"] as? Bool == true)
      let bare = try await stylist(["model", "verify", tensorFlowFile, "-n"])
      #expect(
        bare.stdout == """
          would check \(tensorFlowFile): tensors of G, D, G_ema; picture of seed 0
          would write no file

          """)
      #expect(names(in: folder).isEmpty)

      #expect(mkfifo("\(folder)/network-protocol4-seed0000.png", 0o600) == 0)
      let taken = try await stylist(["model", "verify", plainNetwork, "--outdir=\(folder)", "-n"])
      expect(taken, endsWith: 73, saying: "found a pipe")
      let absent = try await stylist(["model", "verify", "absent.pkl", "-n"])
      expect(absent, endsWith: 66, saying: "missing")
    }
  }

  @Test("verify refuses a published name that there is not")
  func unknownName() async throws {
    let outcome = try await stylist(["model", "verify", plainNetwork, "--published=ffhq"])
    expect(outcome, endsWith: 64, saying: "stylist model list")
    #expect(outcome.stderr.contains("did you mean 'stylegan2-ada-ffhq'?"))
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
