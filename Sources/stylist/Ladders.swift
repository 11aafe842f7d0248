// The ladders that come with the program, and those that people write: a line of options for each rung.

import ArgumentParser
import Foundation
import Workbench

/// Names and options of trainings that are compared.
struct Ladder {
  let name: String
  let rungs: [NamedOptions]

  /// Ladders that come with the program.
  typealias Known = [(name: String, text: String)]

  /// Those of generators.
  static let ofGenerators: Known = [
    (
      "stylegan",
      """
      config-a: --cfg=stylegan1-config-a
      config-b: --cfg=stylegan1-config-b
      config-c: --cfg=stylegan1-config-c
      config-d: --cfg=stylegan1-config-d
      config-e: --cfg=stylegan1-config-e
      config-f: --cfg=stylegan1-config-f
      """
    ),
    (
      "styleformer",
      """
      published: --cfg=styleformer
      no-demodulation: --cfg=styleformer --no-demodulate
      no-residual: --cfg=styleformer --residual=none
      residual-of-input: --cfg=styleformer --residual=input
      normalize-first: --cfg=styleformer --normalize=before-modulation
      normalize-last: --cfg=styleformer --normalize=after-attention
      feed-forward: --cfg=styleformer --feed-forward=4
      depth-8: --cfg=styleformer --depth=8
      depth-16: --cfg=styleformer --depth=16
      depth-64: --cfg=styleformer --depth=64
      """
    ),
    (
      "stylenat",
      """
      dual: --cfg=stylenat --dilations=dual
      dual-no-flips: --cfg=stylenat --dilations=dual --no-mirror
      dense: --cfg=stylenat --dilations=dense
      progressive-2: --cfg=stylenat --dilations=progressive --partitions=2
      progressive-3: --cfg=stylenat --dilations=progressive --partitions=3
      progressive-4: --cfg=stylenat --dilations=progressive --partitions=4
      """
    ),
  ]

  /// Those of encoders.
  static let ofEncoders: Known = [
    (
      "encoders",
      """
      style-transformer: --encoder=style-transformer
      psp: --encoder=psp
      psp-w: --encoder=psp-w
      psp-w-plus: --encoder=psp-w-plus
      """
    ),
    (
      "parts",
      """
      published: --encoder=style-transformer
      no-self-attention: --encoder=style-transformer --no-self-attention
      coarsest-map: --encoder=style-transformer --levels=coarse,coarse,coarse
      one-level: --encoder=style-transformer --levels=fine
      no-average: --encoder=style-transformer --no-average
      into-w: --encoder=style-transformer --space=w
      """
    ),
  ]

  /// A ladder by its name, or one that a file holds.
  ///
  /// - Parameters:
  ///   - name: A name or a path.
  ///   - all: The ladders that have names.
  /// - Throws: `UsageError` if there is no such ladder, or a line is none of a ladder.
  init(_ name: String, among all: Known) throws {
    guard let known = all.first(where: { $0.name == name }) else {
      let names = all.map(\.name).joined(separator: ", ")
      self.name = URL(filePath: name).deletingPathExtension().lastPathComponent
      rungs = try NamedOptions.all(
        inFile: name, "ladder: expected \(names), or a file with rungs",
        example: Self.example(of: all))
      return
    }
    self.name = name
    rungs = try NamedOptions.all(in: known.text, name, example: Self.example(of: all))
  }
}

extension Ladder {
  /// A rung as it should be: the last one of the first ladder.
  fileprivate static func example(of all: Known) -> String {
    all.first?.text.split(separator: "\n").last.map(String.init) ?? ""
  }
}

/// What may differ from rung to rung.
protocol RungOptions: ParsableArguments {}

extension RungOptions {
  /// The options of a rung.
  ///
  /// - Parameter rung: The rung.
  /// - Returns: What its words mean.
  /// - Throws: `UsageError` about the first word that cannot be.
  static func parsed(_ rung: NamedOptions) throws -> Self {
    do {
      return try parse(rung.options)
    } catch {
      throw UsageError("rung \(rung.name): \(message(for: error))")
    }
  }
}

/// What may differ from rung to rung of a ladder of generators.
struct GANRungOptions: RungOptions {
  @Flag(inversion: .prefixedNo, help: "See all pictures mirrored, too.")
  var mirror: Bool?

  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var augmentation: AugmentationOptions

  func fill(_ request: inout TrainGANRequest) {
    request.data.mirror = mirror ?? request.data.mirror
    recipe.fill(&request)
    augmentation.fill(&request)
  }
}

/// What may differ from rung to rung of a ladder of encoders.
struct EncoderRungOptions: RungOptions {
  @OptionGroup var encoder: EncoderArchitectureOptions
  @OptionGroup var losses: EncoderLossOptions
  @OptionGroup var learning: EncoderLearningOptions

  func fill(_ request: inout TrainEncoderRequest) throws {
    encoder.fill(&request.architecture)
    try losses.fill(&request.losses)
    learning.fill(&request)
  }
}
