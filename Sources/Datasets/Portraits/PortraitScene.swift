// How a portrait shows somebody: what the nuisance seed fixes.

/// Pose, light, expression, what is worn, and the background.
struct PortraitScene: Sendable {
  enum Glasses: CaseIterable, Sendable { case round, square, wide }
  enum Hat: CaseIterable, Sendable { case beanie, cap, brimmed }
  enum Garment: CaseIterable, Sendable { case shirt, roundNeck, vNeck, highNeck }
  enum Pattern: CaseIterable, Sendable { case plain, disc, stripes, dots, hills }

  /// The sine of the angle to the right, -0.34 to 0.34.
  let yaw: Float
  /// Down, -1 to 1.
  let pitch: Float
  /// The tangent of half the angle to the right shoulder.
  let roll: Float
  let scale: Float
  let shift: Place
  /// From the left, -1, to the right, 1.
  let lightDirection: Float
  let brightness: Float
  /// From cold, -1, to warm, 1.
  let warmth: Float
  let isSmiling: Bool
  /// From sad, -1, to laughing, 1.
  let smile: Float
  let isMouthOpen: Bool
  let mouthOpening: Float
  let gaze: Place
  let browRaise: Float
  let glasses: Glasses?
  let rim: Colour
  let hat: Hat?
  let hatColour: Colour
  let hasEarrings: Bool
  let earringLength: Float
  let metal: Colour
  let hasNecklace: Bool
  let hasNecktie: Bool
  let hasLipstick: Bool
  let lipstick: Colour
  let hasRosyCheeks: Bool
  let garment: Garment
  let cloth: Colour
  let secondCloth: Colour
  let isStriped: Bool
  let pattern: Pattern
  let backgroundTop: Colour
  let backgroundBottom: Colour

  init(seed: UInt64) {
    var r = PortraitRandom(seed: seed, use: 2)
    yaw = r.around(-0.4, 0.4)
    pitch = r.around(-1, 1)
    roll = r.around(-0.09, 0.09)
    scale = r.around(0.94, 1.08)
    shift = Place(r.around(-0.07, 0.07), r.around(-0.05, 0.05))
    lightDirection = r.between(-1, 1)
    brightness = r.around(0.9, 1.08)
    warmth = r.around(-1, 1)
    isSmiling = r.chance(0.5)
    smile = isSmiling ? r.between(0.5, 1) : r.between(-0.2, 0.1)
    isMouthOpen = r.chance(0.42)
    mouthOpening = isMouthOpen ? r.between(0.45, 1) : 0
    gaze = Place(r.around(-1, 1), r.around(-0.6, 0.6))
    browRaise = r.between(0, 1)
    let wearsGlasses = r.chance(0.24)
    let glassesKind = r.pick(Glasses.allCases)
    glasses = wearsGlasses ? glassesKind : nil
    rim = r.pick(PortraitPalette.rim)
    let wearsHat = r.chance(0.2)
    let hatKind = r.pick(Hat.allCases)
    hat = wearsHat ? hatKind : nil
    hatColour = r.pick(PortraitPalette.cloth)
    hasEarrings = r.chance(0.26)
    earringLength = r.unit()
    metal = r.pick(PortraitPalette.metal)
    hasNecktie = r.chance(0.14)
    hasNecklace = r.chance(0.22) && !hasNecktie
    hasLipstick = r.chance(0.24)
    lipstick = r.pick([0xB3123A, 0xD1294B, 0x8E1A45, 0xE0486E].map { Colour($0) })
    hasRosyCheeks = r.chance(0.25)
    let anyGarment = r.pick(
      hasNecklace ? [Garment.roundNeck, .vNeck] : [.shirt, .roundNeck, .vNeck, .highNeck])
    garment = hasNecktie ? .shirt : anyGarment
    cloth = r.pick(PortraitPalette.cloth)
    secondCloth = r.pick(PortraitPalette.cloth)
    isStriped = r.chance(0.25)
    pattern = r.pick(Pattern.allCases)
    let first = r.pick(PortraitPalette.background)
    backgroundTop = first
    backgroundBottom = first.mixed(with: r.pick(PortraitPalette.background), 0.35)
  }
}
