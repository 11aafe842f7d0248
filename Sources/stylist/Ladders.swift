// The ladders that come with the program, and those that people write: a line of options for each rung.

import ArgumentParser
import Foundation
import Workbench

/// Names and options of trainings that are compared.
struct Ladder {
  let name: String
  let rungs: [NamedOptions]

  /// The ladders that come with the program.
  static let known: [(name: String, text: String)] = [
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

  /// A ladder by its name, or one that a file holds.
  ///
  /// - Parameter name: A name or a path.
  /// - Throws: `UsageError` if there is no such ladder, or a line is none of a ladder.
  init(_ name: String) throws {
    guard let known = Self.known.first(where: { $0.name == name }) else {
      let names = Self.known.map(\.name).joined(separator: ", ")
      self.name = URL(filePath: name).deletingPathExtension().lastPathComponent
      rungs = try NamedOptions.all(inFile: name, "ladder: expected \(names), or a file with rungs")
      return
    }
    self.name = name
    rungs = try NamedOptions.all(in: known.text, name)
  }
}

/// What may differ from rung to rung.
struct RungOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "See all pictures mirrored, too.")
  var mirror: Bool?

  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var augmentation: AugmentationOptions

  /// The options of a rung.
  ///
  /// - Parameter rung: The rung.
  /// - Returns: What its words mean.
  /// - Throws: `UsageError` about the first word that cannot be.
  static func parsed(_ rung: NamedOptions) throws -> RungOptions {
    do {
      return try parse(rung.options)
    } catch {
      throw UsageError("rung \(rung.name): \(message(for: error))")
    }
  }

  func fill(_ request: inout TrainGANRequest) {
    request.data.mirror = mirror ?? request.data.mirror
    recipe.fill(&request)
    augmentation.fill(&request)
  }
}
