// What every family of recipes offers: names that people type, and the recipe behind each.

import Networks

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
  ///   - options: The options without a place, and whether they were changed.
  /// - Throws: `ConfigurationError` that names all that were.
  func refuse(
    in recipe: String, _ options: [(name: String, isChanged: Bool)]
  ) throws(ConfigurationError) {
    let changed = options.filter(\.isChanged).map { "--\($0.name)" }
    guard !changed.isEmpty else { return }
    throw ConfigurationError(
      "cfg \(recipe): expected no \(changed.joined(separator: ", no ")), which has no place in it")
  }
}
