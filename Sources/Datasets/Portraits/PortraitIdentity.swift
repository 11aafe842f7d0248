// Who a portrait shows: what the identity seed fixes.

/// A face, its hair and its age.
struct PortraitIdentity: Sendable {
  enum HairColour: CaseIterable, Sendable { case black, brown, blond, grey, red, dyed }
  enum HairCut: CaseIterable, Sendable { case cropped, parted, swept, full, bob, long, bun }

  let isYoung: Bool
  /// 0 the youngest, 1 the oldest.
  let age: Float
  /// Half the width of the head, in halves of its height.
  let headWidth: Float
  /// How much narrower the jaw is.
  let taper: Float
  let isChubby: Bool
  /// From pale, 0, to dark, 1.
  let skinTone: Float
  let hasPaleSkin: Bool
  let iris: Colour
  let eyeDistance: Float
  let eyeSize: Float
  let hasNarrowEyes: Bool
  let hasBags: Bool
  let hasArchedBrows: Bool
  let hasBushyBrows: Bool
  let browTilt: Float
  let hasBigNose: Bool
  let noseLength: Float
  let noseWidth: Float
  let hasBigLips: Bool
  let mouthWidth: Float
  let isBald: Bool
  let hairColour: HairColour
  /// Which of the colours that bear the name.
  let hairShade: Float
  let hairCut: HairCut
  let isWavy: Bool
  let hasBangs: Bool
  let hasMustache: Bool
  let hasGoatee: Bool
  let hasFullBeard: Bool
  let hasFreckles: Bool

  init(seed: UInt64) {
    var r = PortraitRandom(seed: seed, use: 1)
    isYoung = r.chance(0.65)
    age = isYoung ? r.between(0, 0.45) : r.between(0.65, 1)
    isChubby = r.chance(0.22)
    headWidth = isChubby ? r.between(0.86, 0.92) : r.between(0.68, 0.79)
    taper = isChubby ? r.between(0.02, 0.1) : r.between(0.18, 0.36)
    hasPaleSkin = r.chance(0.2)
    skinTone = hasPaleSkin ? r.between(0, 0.06) : r.between(0.2, 1)
    iris = PortraitPalette.along(PortraitPalette.iris, r.unit())
    eyeDistance = r.around(0.37, 0.47)
    eyeSize = r.around(0.88, 1.15)
    hasNarrowEyes = r.chance(0.2)
    hasBags = r.chance(isYoung ? 0.1 : 0.5)
    hasArchedBrows = r.chance(0.35)
    hasBushyBrows = r.chance(0.28)
    browTilt = r.around(-0.16, 0.16)
    hasBigNose = r.chance(0.28)
    noseLength = r.between(0, 1)
    noseWidth = r.between(0, 1)
    hasBigLips = r.chance(0.3)
    mouthWidth = r.around(0.26, 0.38)
    isBald = r.chance(isYoung ? 0.05 : 0.16)
    hairColour = r.pick(
      weighted: [
        (.black, 0.26), (.brown, 0.25), (.blond, 0.22), (.grey, isYoung ? 0.04 : 0.6), (.red, 0.1),
        (.dyed, isYoung ? 0.07 : 0.02),
      ])
    hairShade = r.unit()
    hairCut = r.pick(
      weighted: [
        (.cropped, 0.13), (.parted, 0.17), (.swept, 0.14), (.full, 0.12), (.bob, 0.16),
        (.long, 0.2),
        (.bun, 0.08),
      ])
    isWavy = r.chance(0.42)
    hasBangs = r.chance(0.27) && !isBald
    let beard = r.unit()
    hasMustache = beard < 0.24
    hasGoatee = 0.08 <= beard && beard < 0.16 || 0.24 <= beard && beard < 0.31
    hasFullBeard = 0.16 <= beard && beard < 0.24
    hasFreckles = r.chance(0.16)
  }

  /// The skin's colour.
  var skin: Colour { PortraitPalette.along(PortraitPalette.skin, skinTone) }

  /// The hair's colour, of brows and beard too.
  var hair: Colour {
    let (first, last): (UInt32, UInt32) =
      switch hairColour {
      case .black: (0x17151A, 0x2A2528)
      case .brown: (0x4A2E20, 0x7A4C2C)
      case .blond: (0xD9AE5F, 0xF2DB9C)
      case .grey: (0x9A9CA2, 0xDFE0E4)
      case .red: (0x9A3D1F, 0xC4622D)
      case .dyed: hairShade < 0.5 ? (0xD0699A, 0xE58AAE) : (0x2F7F93, 0x5A5FB0)
      }
    return Colour(first).mixed(with: Colour(last), hairShade)
  }
}
