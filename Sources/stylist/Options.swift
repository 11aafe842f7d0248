// Options that several commands share.

public import ArgumentParser
import Foundation
public import Workbench

/// Which network a command works with.
struct NetworkOptions: ParsableArguments {
  @Option(help: "A network file: NVIDIA's .pkl, or our own .safetensors.")
  var network: String?

  @Option(help: "An untrained network instead: stylegan2-256, paper256, auto, ….")
  var cfg: String?

  @Option(name: .customLong("res"), help: "The resolution of an untrained network, in pixels.")
  var resolution: Int?

  @Option(help: "The seed of an untrained network's weights.")
  var initSeed: UInt64?

  @Option(help: "Threads that one operation may use (default: all cores).")
  var threads: Int?

  func validate() throws {
    guard (network == nil) != (cfg == nil) else {
      throw ValidationError("Give either --network=FILE or --cfg=NAME.")
    }
    guard network == nil || (initSeed == nil && resolution == nil) else {
      throw ValidationError("--init-seed and --res go with --cfg, not with --network.")
    }
    guard threads.map({ (1...4096).contains($0) }) ?? true else {
      throw ValidationError("--threads: expected 1 to 4096, found \(threads ?? 0).")
    }
  }

  var source: NetworkSource {
    if let network { return .file(network) }
    return .untrained(configuration: cfg ?? "", resolution: resolution, seed: initSeed ?? 0)
  }

  /// The options as they would be typed.
  var spelling: [String] {
    [
      network.map { "--network=\($0)" }, cfg.map { "--cfg=\($0)" },
      resolution.map { "--res=\($0)" }, initSeed.map { "--init-seed=\($0)" },
    ].compactMap(\.self)
  }

  /// The network as the command names it.
  var name: String { network ?? "\(cfg ?? "") (untrained, seed \(initSeed ?? 0))" }
}

/// What decides a picture beside its seed.
struct PictureOptions: ParsableArguments {
  @Option(name: [.customLong("trunc"), .customLong("truncation-psi")],
    help: "Truncation ψ: 1 none, 0 the average picture.")
  var trunc = 1.0

  @Option(help: "Truncate only the rows of W+ below this one (default: all).")
  var truncCutoff: Int?

  @Option(name: .customLong("class"), help: "The class, for networks with labels.")
  var classIndex: Int?

  @Option(help: "Where the noise comes from: const, random or none.")
  var noiseMode = NoiseKind.const

  func validate() throws {
    guard trunc.isFinite else { throw ValidationError("--trunc: expected a number, found \(trunc).") }
    guard truncCutoff.map({ $0 >= 0 }) ?? true else {
      throw ValidationError("--trunc-cutoff: expected 0 or more, found \(truncCutoff ?? 0).")
    }
  }

  var settings: PictureSettings {
    var settings = PictureSettings()
    settings.truncationPsi = trunc
    settings.truncationCutoff = truncCutoff
    settings.classIndex = classIndex
    settings.noise = noiseMode
    return settings
  }

  /// The options as they would be typed.
  var spelling: [String] {
    [
      trunc == 1 ? nil : "--trunc=\(trunc)", truncCutoff.map { "--trunc-cutoff=\($0)" },
      classIndex.map { "--class=\($0)" },
      noiseMode == .const ? nil : "--noise-mode=\(noiseMode.rawValue)",
    ].compactMap(\.self)
  }
}

extension NoiseKind: ExpressibleByArgument {}
extension GridSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// How a command reports.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON.")
  var json = false

  @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "Say what would be done, and do nothing.")
  var isDryRun = false

  /// Prints a result: as JSON, or each of its lines.
  func print(_ result: some Encodable, lines: [String]) throws {
    guard json else {
      lines.forEach { Swift.print($0) }
      return
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    Swift.print(String(decoding: try encoder.encode(result), as: UTF8.self))
  }
}

/// What a command would do, or has done.
struct Outcome: Encodable {
  var network: NetworkSummary
  /// Pictures or frames.
  var count: Int
  var files: [WrittenPicture]?
}

/// A command line that makes something again, quoted for the shell.
func commandLine(_ parts: [String]) -> String {
  let safe = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./,:+@%")
  let quoted = parts.map { part in
    part.allSatisfy(safe.contains) ? part : "'\(part.replacing("'", with: "'\\''"))'"
  }
  return (["stylist"] + quoted).joined(separator: " ")
}
