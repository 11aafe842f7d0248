// The names that people type for what Stylist knows: for lists, hints and completion.

import Checkpoints
import Datasets
import Networks
import Training

/// The names that people type for what Stylist knows.
public enum KnownNames {
  /// Configurations without a file, for `--cfg` of commands that draw.
  public static var configurations: [String] { Registry.configurations.map(\.name) }
  /// The roles that networks have in files.
  public static var roles: [String] { NetworkUse.allCases.flatMap(\.roles) }
  /// Networks that their authors published.
  public static var published: [String] { PublishedNetwork.all.map(\.name) }
  /// Encoders without a file.
  public static var encoders: [String] {
    Registry.encoders.flatMap { $0.namedConfigurations }.map(\.name)
  }
  /// What encoders of Style Transformer read.
  public static var featureLevels: [String] { FeatureLevel.allCases.map(\.rawValue) }
  /// Encoders that can be trained.
  public static var trainableEncoders: [String] { EncoderKind.allCases.map(\.rawValue) }
  /// How large they are made.
  public static var encoderSizes: [String] { EncoderSize.allCases.map(\.rawValue) }
  /// What encoders learn, for the weights of their losses.
  public static var inversionRecipes: [String] { InversionLossWeights.recipes.map(\.name) }
  /// Recipes of trainings.
  public static var recipes: [String] { GANRecipe.names }
  /// The losses of StyleGAN's trainings.
  public static var losses: [String] { StyleGANLoss.allCases.map(\.rawValue) }
  /// Where Styleformer's layers normalise tokens.
  public static var normalizations: [String] {
    StyleformerAblation.Normalization.allCases.map(\.rawValue)
  }
  /// What the second branch of Styleformer's layers starts from.
  public static var residuals: [String] { StyleformerAblation.Residual.allCases.map(\.rawValue) }
  /// How StyleNAT's heads share what lies near and far.
  public static var dilations: [String] {
    StyleNATConfiguration.Dilations.allCases.map(\.rawValue)
  }
  /// When pictures are augmented in trainings.
  public static var augmentationModes: [String] {
    AugmentationChoice.Mode.allCases.map(\.rawValue)
  }
  /// What may happen to them.
  public static var augmentationSets: [String] { AugmentationSet.allCases.map(\.rawValue) }
  /// The attributes that classifiers of faces tell, in their order.
  public static var celebAAttributes: [String] { CelebAAttributes.names }
  /// What is true or false of a portrait, as CelebA calls it.
  public static var portraitAttributes: [String] { PortraitAttribute.allCases.map(\.rawValue) }
}
