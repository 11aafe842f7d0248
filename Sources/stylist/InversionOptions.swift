// Options of commands that find the codes of photographs.

import ArgumentParser
import Workbench

/// Photographs as the subject of a command, and what finds their codes.
struct PhotographOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A photograph, or a folder or zip archive of them.", valueName: "path"),
    completion: .pictures)
  var data: String?

  @Option(
    help: ArgumentHelp(
      "What finds codes: a checkpoint of pSp, e4e or Style Transformer, or our .safetensors of one.",
      valueName: "file"), completion: .checkpoint)
  var encoder: String?

  @Option(
    help: ArgumentHelp(
      "How often codes are moved against the gradient, from the encoder's code on, or from the "
        + "mean of w (default: 0).", valueName: "count"))
  var refineSteps: Int?

  /// Whether nothing is asked for.
  var isEmpty: Bool { data == nil && encoder == nil && refineSteps == nil }

  /// The encoder, if there is one.
  var source: EncoderSource? { encoder.map { EncoderSource($0) } }

  /// Checks what can be known without looking at any file.
  ///
  /// - Parameter path: The photographs; nil for those of `--data`.
  /// - Returns: The path of the photographs.
  /// - Throws: `UsageError` if there is none, or the number of steps cannot be.
  func check(_ path: String? = nil) throws(UsageError) -> String {
    guard let data = path ?? data else {
      throw UsageError("give --data=PICTURE, a folder or a zip archive")
    }
    if let refineSteps, !(0...1_000_000).contains(refineSteps) {
      throw UsageError("--refine-steps: expected 0 to 1000000, found \(refineSteps)")
    }
    guard encoder != nil || (refineSteps ?? 0) > 0 else {
      throw UsageError("give what finds codes: --encoder=FILE, --refine-steps=N, or both")
    }
    return data
  }

  /// The photographs, and how their codes are found.
  ///
  /// - Parameters:
  ///   - path: The photographs; nil for those of `--data`.
  ///   - space: For a search without an encoder: `w` or `w+`; nil for `w`.
  ///   - learningRate: That of the search; nil for the usual one.
  /// - Returns: The photographs.
  /// - Throws: `UsageError`, and what opening the photographs throws.
  func photographs(
    _ path: String? = nil, space: String? = nil, learningRate: Double? = nil
  ) throws -> PhotographCodes {
    let data = try check(path)
    let search = try refineSteps.flatMap { steps in
      steps == 0
        ? nil
        : try CodeSearch(
          steps: steps, fromEncoder: encoder != nil, space: space, learningRate: learningRate)
    }
    return try PhotographCodes(data, encoder: source, search: search)
  }

  /// The options as they would be typed.
  var spelling: [String] {
    [
      data.map { "--data=\($0)" }, encoder.map { "--encoder=\($0)" },
      refineSteps.map { "--refine-steps=\($0)" },
    ].compactMap(\.self)
  }
}

/// What searches and tuning depend on beside the photograph.
struct SearchSeedOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "number"))
  var seed: UInt32 = 303

  /// The option as it would be typed; nothing for the usual one.
  var spelling: [String] { seed == 303 ? [] : ["--seed=\(seed)"] }
}

/// The files with the weights of LPIPS.
struct LPIPSOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Weights of LPIPS: torchvision's AlexNet or VGG-16 (.pth).", valueName: "file"),
    completion: .checkpoint)
  var lpipsBackbone: String?

  @Option(
    help: ArgumentHelp("The heads of LPIPS for it: alex.pth or vgg.pth.", valueName: "file"),
    completion: .checkpoint)
  var lpipsHeads: String?

  /// The files, if any are named.
  func files() throws -> LPIPSFiles? {
    try LPIPSFiles.named(backbone: lpipsBackbone, heads: lpipsHeads)
  }

  /// The options as they would be typed.
  var spelling: [String] {
    [
      lpipsBackbone.map { "--lpips-backbone=\($0)" }, lpipsHeads.map { "--lpips-heads=\($0)" },
    ].compactMap(\.self)
  }
}

/// Networks with which pictures are compared with others.
struct JudgingOptions: ParsableArguments {
  @OptionGroup var lpips: LPIPSOptions

  @Option(
    help: ArgumentHelp(
      "Measure identity: ArcFace, CurricularFace, or MoCo for other pictures than faces.",
      valueName: "file"), completion: .checkpoint)
  var identity: String?

  /// The networks' files.
  func files() throws -> JudgingFiles {
    JudgingFiles(lpips: try lpips.files(), identity: identity)
  }

  /// The options as they would be typed.
  var spelling: [String] { lpips.spelling + (identity.map { ["--identity=\($0)"] } ?? []) }
}
