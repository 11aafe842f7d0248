// Everything that decides what a training with a generator and a discriminator learns, as plain
// values that a run folder keeps.

import Foundation
import Layers
public import Networks

/// Everything that decides what a training learns: with the data, it gives the same networks again.
public struct GANOptions: Codable, Sendable {
  /// The pictures.
  public struct Data: Codable, Hashable, Sendable {
    /// Where they are, as it was typed: `portraits`, a folder or an archive.
    public var source: String
    /// The whole path of a folder or archive, so that it is found from anywhere; nil for what is
    /// drawn, and in options from before they kept it.
    public var path: String?
    /// What people call them.
    public var name: String
    /// Pictures, those that mirroring adds among them.
    public var count: Int
    /// Rows and columns, in pixels.
    public var resolution: Int
    /// 1 grey, 3 RGB, 4 RGB with opacity.
    public var channels: Int
    /// The length of a label; 0 for training without labels.
    public var labelDim: Int
    /// Whether all pictures are seen mirrored, too.
    public var mirror: Bool
    /// How many pictures were chosen at random; nil for all.
    public var subset: Int?

    /// Pictures of a source.
    public init(
      source: String, path: String? = nil, name: String, count: Int, resolution: Int, channels: Int,
      labelDim: Int, mirror: Bool, subset: Int?
    ) {
      (self.source, self.path, self.name, self.count) = (source, path, name, count)
      (self.resolution, self.channels, self.labelDim) = (resolution, channels, labelDim)
      (self.mirror, self.subset) = (mirror, subset)
    }
  }

  /// The name of the recipe.
  public var cfg: String
  /// The pictures.
  public var data: Data
  /// What was changed of the recipe.
  public var changes: GANRecipeChanges
  /// Where all random streams start.
  public var seed: UInt32
  /// The file whose networks the training starts from; nil for new ones.
  public var initFrom: String?
  /// Threads that one operation may use; another number gives other last bits.
  public var threads: Int

  /// The options of a training.
  public init(
    cfg: String, data: Data, changes: GANRecipeChanges, seed: UInt32, initFrom: String?,
    threads: Int
  ) {
    (self.cfg, self.data, self.changes) = (cfg, data, changes)
    (self.seed, self.initFrom, self.threads) = (seed, initFrom, threads)
  }

  /// The networks and settings that follow.
  ///
  /// - Returns: The recipe with its changes.
  /// - Throws: `ConfigurationError` if values do not fit.
  public func recipe() throws(ConfigurationError) -> GANRecipe {
    var recipe = try GANRecipe(
      named: cfg, resolution: data.resolution, imgChannels: data.channels,
      labelDim: data.labelDim, changes: changes)
    // The average of a network that has learned already is no average of random ones.
    if initFrom != nil { recipe.training.average.rampUp = nil }
    return recipe
  }

  /// What the folder of the run is called behind its number.
  ///
  /// - Returns: A name such as `auto-portraits64-batch32-gamma0.0256`.
  /// - Throws: `ConfigurationError` if values do not fit.
  public func folderName() throws(ConfigurationError) -> String {
    let training = try recipe().training
    let words = [
      cfg, data.name.filter { $0.isLetter || $0.isNumber || "-_.".contains($0) },
      data.labelDim > 0 ? "cond" : nil, data.subset.map { "subset\($0)" },
      data.mirror ? "mirror" : nil, "batch\(training.batchSize)",
      String(format: "gamma%.4g", training.r1Gamma), initFrom == nil ? nil : "init",
    ]
    return words.compactMap(\.self).joined(separator: "-")
  }

  /// The options as JSON with sorted keys: equal options are equal text.
  ///
  /// - Returns: One line of JSON.
  /// - Throws: `EncodingError` if a number is not finite.
  public func canonicalJSON() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// Reads what `canonicalJSON()` wrote.
  ///
  /// - Parameter json: The text.
  /// - Throws: `ConfigurationError` if it says something else.
  public init(canonicalJSON json: String) throws(ConfigurationError) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(Self.self, from: Foundation.Data(json.utf8))
    } catch {
      throw ConfigurationError("the options of the training cannot be read: \(misreading(error))")
    }
  }
}
