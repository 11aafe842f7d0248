// What is true or false of a portrait, under the names that CelebA gives its attributes.

/// A binary attribute of a portrait, known exactly.
///
/// The names are those of CelebA (Liu et al. 2015), for the parts that portraits have.
public enum PortraitAttribute: String, CaseIterable, Codable, Sendable {
  /// Eyebrows that bend upwards.
  case archedEyebrows = "Arched_Eyebrows"
  /// Folds below the eyes.
  case bagsUnderEyes = "Bags_Under_Eyes"
  /// No hair on the head.
  case bald = "Bald"
  /// Hair on the forehead.
  case bangs = "Bangs"
  /// Thick lips.
  case bigLips = "Big_Lips"
  /// A long and wide nose.
  case bigNose = "Big_Nose"
  /// Black hair on the head.
  case blackHair = "Black_Hair"
  /// Blond hair on the head.
  case blondHair = "Blond_Hair"
  /// Brown hair on the head.
  case brownHair = "Brown_Hair"
  /// Thick eyebrows.
  case bushyEyebrows = "Bushy_Eyebrows"
  /// A round and wide face.
  case chubby = "Chubby"
  /// Glasses.
  case eyeglasses = "Eyeglasses"
  /// A beard on the chin alone.
  case goatee = "Goatee"
  /// Grey hair on the head.
  case grayHair = "Gray_Hair"
  /// Parted lips.
  case mouthSlightlyOpen = "Mouth_Slightly_Open"
  /// A beard on the upper lip.
  case mustache = "Mustache"
  /// Eyes that are nearly closed.
  case narrowEyes = "Narrow_Eyes"
  /// No beard on chin and jaw; there may be one on the upper lip.
  case noBeard = "No_Beard"
  /// Very light skin.
  case paleSkin = "Pale_Skin"
  /// Red cheeks.
  case rosyCheeks = "Rosy_Cheeks"
  /// The corners of the mouth up.
  case smiling = "Smiling"
  /// Straight hair on the head.
  case straightHair = "Straight_Hair"
  /// Wavy hair on the head.
  case wavyHair = "Wavy_Hair"
  /// Earrings.
  case wearingEarrings = "Wearing_Earrings"
  /// A hat.
  case wearingHat = "Wearing_Hat"
  /// Painted lips.
  case wearingLipstick = "Wearing_Lipstick"
  /// A necklace.
  case wearingNecklace = "Wearing_Necklace"
  /// A necktie.
  case wearingNecktie = "Wearing_Necktie"
  /// A face without the marks of age.
  case young = "Young"
}
