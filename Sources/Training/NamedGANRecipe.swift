// What every family of recipes offers: names that people type, and the recipe behind each.

import Networks
import Tensors

/// The images that networks are trained on.
struct ImageTraits {
  /// Rows and columns, in pixels.
  let resolution: Int
  /// 1 grey, 3 RGB, 4 RGB with opacity.
  let channels: Int
  /// The length of a label; 0 for none.
  let labelDim: Int
}

/// A recipe that has a name.
protocol NamedGANRecipe: Sendable {
  /// What people type.
  var name: String { get }
  /// Whether the published training saw images mirrored, too.
  var mirrors: Bool { get }
  /// How often images are augmented, unless people say otherwise.
  var usualAugmentation: AugmentationChoice.Mode { get }

  /// The networks and settings for images.
  ///
  /// - Parameters:
  ///   - images: What the images are.
  ///   - changes: What is different from the published recipe.
  /// - Returns: The recipe, not yet validated.
  /// - Throws: `ConfigurationError` for changes that the recipe has no place for.
  func recipe(for images: ImageTraits, _ changes: GANRecipeChanges) throws(ConfigurationError)
    -> GANRecipe
}

extension NamedGANRecipe {
  /// Most did not.
  var mirrors: Bool { false }
  /// As often as the discriminator needs it, as in the program of StyleGAN2-ADA.
  var usualAugmentation: AugmentationChoice.Mode { .ada }
}

extension GANRecipeChanges {
  /// Refuses changes that a recipe has no place for.
  ///
  /// - Parameters:
  ///   - recipe: The name of the recipe.
  ///   - options: The options without a place that were changed, as they are typed.
  /// - Throws: `ConfigurationError` that names all of them.
  func refuse(in recipe: String, _ options: [String]) throws(ConfigurationError) {
    guard !options.isEmpty else { return }
    throw ConfigurationError(
      "cfg \(recipe): expected no \(options.joined(separator: ", no ")), which has no place in it")
  }

  /// Augmentation, if there is any, as it is typed.
  var spelledAugmentation: [String] {
    spelled("aug", augmentation.flatMap { $0.mode == .noaug ? nil : $0.mode.rawValue })
  }

  /// A number format narrower than float32, as it is typed.
  var spelledPrecision: [String] {
    spelled("precision", precision.flatMap { $0 == .float32 ? nil : "\($0)" })
  }
}

/// An option as it is typed; nothing if it was not changed.
func spelled<Value>(_ name: String, _ value: Value?) -> [String] {
  value.map { ["--\(name)=\($0)"] } ?? []
}

/// Numbers of an option, with commas between.
func spelled(_ name: String, _ values: [Int]?) -> [String] {
  spelled(name, values?.map(String.init).joined(separator: ","))
}

/// An option that is yes or no.
func spelled(flag name: String, _ value: Bool?) -> [String] {
  value.map { ["--\($0 ? "" : "no-")\(name)"] } ?? []
}
