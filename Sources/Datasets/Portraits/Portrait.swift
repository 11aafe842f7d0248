// A portrait drawn by code from two seeds: who it shows, and how.

public import Formats

/// A little portrait of somebody who does not exist, drawn from two seeds.
///
/// The identity seed fixes the shape of the face, its colours, the hair and the age; the nuisance
/// seed fixes pose, light, expression, what is worn, and the background. Everything about the
/// picture is known, because it is drawn from what is known: two portraits of one identity show
/// the same person, and an attribute is true if and only if it was drawn.
///
/// Seeds give the same pictures on every machine. Any change to them is a new version.
public struct Portrait: Sendable {
  /// The version of the drawing.
  public static let version = "portraits-v1"

  /// Who it is.
  public let identitySeed: UInt64
  /// How it is shown.
  public let nuisanceSeed: UInt64
  let identity: PortraitIdentity
  let scene: PortraitScene

  /// The portrait of two seeds.
  public init(identity identitySeed: UInt64, nuisance nuisanceSeed: UInt64) {
    (self.identitySeed, self.nuisanceSeed) = (identitySeed, nuisanceSeed)
    identity = PortraitIdentity(seed: identitySeed)
    scene = PortraitScene(seed: nuisanceSeed)
  }

  /// The portrait as a square RGB picture.
  ///
  /// - Parameter size: The side in pixels, 1 or more; made for 32 to 256.
  /// - Returns: The picture.
  public func image(size: Int) -> ByteImage {
    let painter = PortraitPainter(self, size: size)
    painter.paint()
    return painter.canvas.image
  }
}

extension Portrait {
  /// Whether an attribute is true of the portrait.
  public subscript(_ attribute: PortraitAttribute) -> Bool {
    let hasHair = !identity.isBald
    return switch attribute {
    case .archedEyebrows: identity.hasArchedBrows
    case .bagsUnderEyes: identity.hasBags
    case .bald: identity.isBald
    case .bangs: identity.hasBangs
    case .bigLips: identity.hasBigLips
    case .bigNose: identity.hasBigNose
    case .blackHair: hasHair && identity.hairColour == .black
    case .blondHair: hasHair && identity.hairColour == .blond
    case .brownHair: hasHair && identity.hairColour == .brown
    case .bushyEyebrows: identity.hasBushyBrows
    case .chubby: identity.isChubby
    case .eyeglasses: scene.glasses != nil
    case .goatee: identity.hasGoatee
    case .grayHair: hasHair && identity.hairColour == .grey
    case .mouthSlightlyOpen: scene.isMouthOpen
    case .mustache: identity.hasMustache
    case .narrowEyes: identity.hasNarrowEyes
    case .noBeard: !identity.hasGoatee && !identity.hasFullBeard
    case .paleSkin: identity.hasPaleSkin
    case .rosyCheeks: scene.hasRosyCheeks
    case .smiling: scene.isSmiling
    case .straightHair: hasHair && !identity.isWavy
    case .wavyHair: hasHair && identity.isWavy
    case .wearingEarrings: scene.hasEarrings
    case .wearingHat: scene.hat != nil
    case .wearingLipstick: scene.hasLipstick
    case .wearingNecklace: scene.hasNecklace
    case .wearingNecktie: scene.hasNecktie
    case .young: identity.isYoung
    }
  }

  /// The value of a continuous factor.
  public subscript(_ factor: PortraitFactor) -> Float {
    switch factor {
    case .yaw: scene.yaw
    case .pitch: scene.pitch
    case .roll: scene.roll
    case .scale: scene.scale
    case .shiftX: scene.shift.x
    case .shiftY: scene.shift.y
    case .lightDirection: scene.lightDirection
    case .brightness: scene.brightness
    case .warmth: scene.warmth
    case .smile: scene.smile
    case .mouthOpening: scene.mouthOpening
    case .gaze: scene.gaze.x
    case .age: identity.age
    case .headWidth: identity.headWidth
    case .skinTone: identity.skinTone
    case .eyeDistance: identity.eyeDistance
    case .eyeSize: identity.eyeSize
    case .mouthWidth: identity.mouthWidth
    }
  }

  /// The attributes that are true of the portrait.
  public var attributes: Set<PortraitAttribute> {
    Set(PortraitAttribute.allCases.filter { self[$0] })
  }
}
