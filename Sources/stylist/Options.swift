// Options that several commands share.

public import ArgumentParser
import Foundation
public import Workbench

/// Which network a command works with.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The network: a published .pkl or .pt, our .safetensors, or the name of a model that comes "
        + "with the program.",
      valueName: "file"), completion: .checkpoint)
  var network: String?

  @Option(
    help: ArgumentHelp(
      "Instead of a file, an untrained network of this configuration: stylegan2-256, stylenat-ffhq256, …",
      valueName: "name"), completion: .list(KnownNames.configurations))
  var cfg: String?

  @Option(
    name: .customLong("res"),
    help: ArgumentHelp(
      "With --cfg: width and height in pixels (default: the configuration's own).",
      valueName: "pixels"))
  var resolution: Int?

  @Option(
    help: ArgumentHelp(
      "With --cfg: the seed of the random weights (default: 0).", valueName: "seed"))
  var initSeed: UInt64?

  @OptionGroup var threadOptions: ThreadOptions

  /// Processor threads for one operation; nil for one for each core.
  var threads: Int? { threadOptions.threads }

  /// Checks what can be known without looking at any file.
  func check() throws(UsageError) {
    guard (network == nil) != (cfg == nil) else {
      throw UsageError("give either --network=FILE or --cfg=NAME")
    }
    if let cfg { try checkConfiguration(cfg, among: KnownNames.configurations) }
    guard network == nil || (initSeed == nil && resolution == nil) else {
      throw UsageError("--init-seed and --res go with --cfg, not with --network")
    }
    try threadOptions.check()
  }

  var source: NetworkSource {
    if let network { return .file(network) }
    return .untrained(configuration: cfg ?? "", resolution: resolution, seed: initSeed ?? 0)
  }

  /// The files that are read.
  var inputs: [String] { network.map { [(try? ShippedModels.file($0)) ?? $0] } ?? [] }

  /// The options as they would be typed.
  var spelling: [String] {
    [
      network.map { "--network=\($0)" }, cfg.map { "--cfg=\($0)" },
      resolution.map { "--res=\($0)" }, initSeed.map { "--init-seed=\($0)" },
    ].compactMap(\.self)
  }

  /// What is there, checked as far as it can be without building it; says what the settings mean
  /// for it.
  func summary(for settings: PictureSettings) throws -> NetworkSummary {
    let summary = try source.summary()
    summary.notes(on: settings).forEach(say)
    return summary
  }

  /// Builds the network, and says what is questionable about it.
  static func open(_ source: NetworkSource, threads: Int?) throws -> GeneratorHost {
    let host = try GeneratorHost(source, threads: threads)
    host.warnings.forEach { say("warning: \($0)") }
    return host
  }

  /// The network as the command names it.
  var name: String { network ?? "\(cfg ?? "") (untrained, seed \(initSeed ?? 0))" }
}

/// Checks that a configuration is one of those that `stylist model list` shows, or of a few.
func checkConfiguration(_ name: String, among names: [String]) throws(UsageError) {
  guard !names.contains(name) else { return }
  let hint = suggestion(for: name.lowercased(), among: names).map { "; did you mean \($0)?" }
  let expected =
    names.count > 12
    ? "a name that `stylist model list` shows" : "one of \(names.joined(separator: ", "))"
  throw UsageError("--cfg: expected \(expected), found \(name)\(hint ?? "")")
}

/// How many threads compute.
struct ThreadOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Processor threads for one operation, 1 to 4096 (default: one for each core).",
      valueName: "count"))
  var threads: Int?

  /// Checks the number, and says so if it is far beyond what the machine has.
  func check() throws(UsageError) {
    guard let threads else { return }
    guard (1...4096).contains(threads) else {
      throw UsageError("--threads: expected 1 to 4096, found \(threads)")
    }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    guard threads > 4 * cores else { return }
    say("--threads=\(threads): this machine has \(cores); more than that make the work slower")
  }
}

/// The folder that a command writes into.
struct FolderOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder for the files; made if it is not there.", valueName: "folder"),
    completion: .directory)
  var outdir: String

  /// The option as it would be typed.
  var spelling: [String] { ["--outdir=\(outdir)"] }
}

/// The class of pictures and codes.
struct ClassOptions: ParsableArguments {
  @Option(
    name: .customLong("class"),
    help: ArgumentHelp(
      "The class, from 0; for networks with labels (default: 0).", valueName: "index"))
  var classIndex: Int?

  /// The option as it would be typed.
  var spelling: [String] { classIndex.map { ["--class=\($0)"] } ?? [] }
}

/// What decides the code of a picture beside its seed.
struct CodeOptions: ParsableArguments {
  @Option(
    name: [.customLong("trunc"), .customLong("truncation-psi")],
    help: ArgumentHelp(
      "Truncation ψ: 1 for all variety, 0 for the average picture; 0.5 to 0.7 looks best (default: 1).",
      valueName: "psi"),
    transform: PsiList.parse)
  var trunc = PsiList(values: [1])

  @Option(
    help: ArgumentHelp(
      "Truncate only the rows of W+ below this one: 8 spares colours and texture (default: all rows).",
      valueName: "row"))
  var truncCutoff: Int?

  @OptionGroup var classOptions: ClassOptions

  /// Checks what can be known without looking at any file.
  ///
  /// - Parameter severalPsis: Whether pictures can be made at more than one ψ.
  /// - Throws: `UsageError` about the first value that cannot be.
  func check(severalPsis: Bool = false) throws(UsageError) {
    guard severalPsis || trunc.values.count == 1 else {
      throw UsageError("--trunc: expected one number, found \(trunc.text)")
    }
    if let truncCutoff, truncCutoff < 0 {
      throw UsageError("--trunc-cutoff: expected 0 or more, found \(truncCutoff)")
    }
    if truncCutoff != nil, trunc.values == [1] {
      throw UsageError("--trunc-cutoff goes with --trunc, which truncates nothing at 1")
    }
  }

  /// Whether w is moved towards its mean.
  var truncates: Bool { trunc.values != [1] || truncCutoff != nil }

  /// Whether nothing is asked for.
  var isEmpty: Bool { !truncates && classOptions.classIndex == nil }

  /// The options as they would be typed for other ψ.
  func spelling(_ trunc: PsiList) -> [String] {
    [
      trunc.values == [1] ? nil : "--trunc=\(trunc.text)",
      truncCutoff.map { "--trunc-cutoff=\($0)" },
    ].compactMap(\.self) + classOptions.spelling
  }

  var settings: PictureSettings {
    var settings = PictureSettings()
    settings.truncationPsi = trunc.values[0]
    settings.truncationCutoff = truncCutoff
    settings.classIndex = classOptions.classIndex
    return settings
  }
}

/// Which layers get noise.
struct NoiseLayerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only these layers get noise, counted from 4×4 up: 0-7, all or none (default: all).",
      valueName: "range"),
    transform: NoiseLayerRange.parse)
  var noiseLayers: NoiseLayerRange?

  /// The option as it would be typed.
  var spelling: [String] { noiseLayers.map { ["--noise-layers=\($0.text)"] } ?? [] }
}

/// What decides a picture beside its seed.
struct PictureOptions: ParsableArguments {
  @OptionGroup var code: CodeOptions

  @Option(
    help: ArgumentHelp(
      "Noise: const, stored with the network; random, drawn anew from each seed; none.",
      valueName: "mode"))
  var noiseMode = NoiseKind.const

  @OptionGroup var noiseLayerOptions: NoiseLayerOptions

  /// One ψ, or several to be shown beside one another.
  var trunc: PsiList { code.trunc }

  /// Checks what can be known without looking at any file.
  ///
  /// - Parameter severalPsis: Whether pictures can be made at more than one ψ.
  /// - Throws: `UsageError` about the first value that cannot be.
  func check(severalPsis: Bool = false) throws(UsageError) {
    try code.check(severalPsis: severalPsis)
    if noiseMode == .none, noiseLayerOptions.noiseLayers != nil {
      throw UsageError("--noise-layers goes with noise, and --noise-mode=none has none")
    }
  }

  /// Whether nothing is asked for that concerns seeds.
  var isAboutNoiseOnly: Bool { code.isEmpty }

  var settings: PictureSettings {
    var settings = code.settings
    settings.noise = noiseMode
    settings.noiseLayers = noiseLayerOptions.noiseLayers?.layers
    return settings
  }

  /// The options as they would be typed.
  var spelling: [String] { spelling(trunc) }

  /// The options as they would be typed for other ψ.
  func spelling(_ trunc: PsiList) -> [String] {
    let mode = noiseMode == .const ? [] : ["--noise-mode=\(noiseMode.rawValue)"]
    return code.spelling(trunc) + mode + noiseLayerOptions.spelling
  }
}

extension NoiseKind: ExpressibleByArgument {}
extension GridSize {
  /// Reads an option.
  static func parse(_ text: String) throws -> GridSize {
    guard let size = GridSize(text) else {
      throw ValidationError("expected COLUMNSxROWS such as 6x6, each from 1 to 65535")
    }
    return size
  }

  var text: String { "\(columns)x\(rows)" }
}
