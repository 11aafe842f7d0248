// What augmentation does to one picture, as plain numbers, and the maps of the plane and of colours
// that follow.

import Foundation

/// What happens to one picture; at first nothing does.
public struct PictureAugmentation: Hashable, Sendable {
  /// Whether it is mirrored.
  public var isMirrored = false
  /// By how many quarters it is turned.
  public var quarterTurns = 0
  /// How far it is shifted to the right, in whole pixels.
  public var wholeShiftX = 0.0
  /// How far it is shifted down, in whole pixels.
  public var wholeShiftY = 0.0
  /// How many times as large it becomes.
  public var scale = 1.0
  /// By how much it is turned before it is stretched, in radians.
  public var turnBefore = 0.0
  /// How many times as wide it becomes, and how many times less high.
  public var stretch = 1.0
  /// By how much it is turned after it is stretched, in radians.
  public var turnAfter = 0.0
  /// How far it is shifted to the right in the end, in pixels.
  public var shiftX = 0.0
  /// How far it is shifted down in the end, in pixels.
  public var shiftY = 0.0
  /// What is added to all colours.
  public var brightness = 0.0
  /// What all colours are multiplied by.
  public var contrast = 1.0
  /// Whether bright becomes dark, colours staying what they are.
  public var isLumaFlipped = false
  /// By how much colours are turned about the axis of greys, in radians.
  public var hue = 0.0
  /// How many times as far from grey colours become.
  public var saturation = 1.0
  /// How many times as strong bands of frequencies become, low to high, before all are made to have
  /// the power that they are expected to have.
  public var bandGains = [1.0, 1, 1, 1]
  /// The deviation of noise.
  public var noiseDeviation = 0.0
  /// The side of the square that is cut out, relative to the picture's; 0 for none.
  public var cutoutSize = 0.0
  /// Where the square's centre is, from 0, left, to 1.
  public var cutoutX = 0.0
  /// Where the square's centre is, from 0, above, to 1.
  public var cutoutY = 0.0

  /// Nothing happens.
  public init() {}

  /// From the pixels of the transformed picture to those of the picture, counted from the centre.
  var inverseMap: PlanarMap {
    PlanarMap()
      * PlanarMap(scaleX: isMirrored ? -1 : 1)
      * PlanarMap(turn: .pi / 2 * Double(quarterTurns))
      * PlanarMap(shiftX: -wholeShiftX, shiftY: -wholeShiftY)
      * PlanarMap(scaleX: 1 / scale, scaleY: 1 / scale)
      * PlanarMap(turn: turnBefore)
      * PlanarMap(scaleX: 1 / stretch, scaleY: stretch)
      * PlanarMap(turn: turnAfter)
      * PlanarMap(shiftX: -shiftX, shiftY: -shiftY)
  }

  /// Whether pixels move.
  var isMoved: Bool {
    isMirrored || quarterTurns != 0 || wholeShiftX != 0 || wholeShiftY != 0 || scale != 1
      || turnBefore != 0 || stretch != 1 || turnAfter != 0 || shiftX != 0 || shiftY != 0
  }

  /// From the colours of the picture to those of the transformed one.
  var colourMap: ColourMap {
    var map = ColourMap()
    map.scale(by: contrast, adding: brightness)
    // About the axis of greys: greys change by the first factor, what is beside them by the second.
    map.multiply(greys: isLumaFlipped ? -1 : 1, rest: 1, turn: 0)
    map.multiply(greys: 1, rest: 1, turn: hue)
    map.multiply(greys: 1, rest: saturation, turn: 0)
    return map
  }

  /// Whether colours change.
  var isRecoloured: Bool {
    brightness != 0 || contrast != 1 || isLumaFlipped || hue != 0 || saturation != 1
  }

  /// Whether bands of frequencies change.
  var isFiltered: Bool { bandGains.contains { $0 != 1 } }
}

/// An affine map of the plane: (x, y) becomes (a x + b y + c, d x + e y + f).
struct PlanarMap {
  var a = 1.0, b = 0.0, c = 0.0
  var d = 0.0, e = 1.0, f = 0.0

  /// The map that leaves all as it is.
  init() {}

  /// Scales along both axes.
  init(scaleX: Double = 1, scaleY: Double = 1) { (a, e) = (scaleX, scaleY) }

  /// Shifts.
  init(shiftX: Double, shiftY: Double) { (c, f) = (shiftX, shiftY) }

  /// A turn by an angle in radians.
  init(turn: Double) { (a, b, d, e) = (cos(turn), -sin(turn), sin(turn), cos(turn)) }

  /// The map that does the right one first.
  static func * (p: PlanarMap, q: PlanarMap) -> PlanarMap {
    var map = PlanarMap()
    (map.a, map.b) = (p.a * q.a + p.b * q.d, p.a * q.b + p.b * q.e)
    (map.d, map.e) = (p.d * q.a + p.e * q.d, p.d * q.b + p.e * q.e)
    (map.c, map.f) = (p.a * q.c + p.b * q.f + p.c, p.d * q.c + p.e * q.f + p.f)
    return map
  }

  /// Where a point goes.
  func callAsFunction(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    (a * x + b * y + c, d * x + e * y + f)
  }

  /// The two rows.
  var rows: [Double] { [a, b, c, d, e, f] }
}

/// An affine map of colours: a matrix of 3×3, by rows, and what is added then.
struct ColourMap {
  private(set) var matrix = [1.0, 0, 0, 0, 1, 0, 0, 0, 1]
  private(set) var shift = [0.0, 0, 0]

  /// Adds a number, then multiplies by another.
  mutating func scale(by factor: Double, adding summand: Double) {
    matrix = matrix.map { $0 * factor }
    shift = shift.map { ($0 + summand) * factor }
  }

  /// Multiplies greys by a factor and what is beside them by another, and turns about their axis.
  ///
  /// - Parameters:
  ///   - greys: The factor of greys.
  ///   - rest: The factor of what is left of a colour without its grey.
  ///   - turn: The angle in radians, counter-clockwise seen from white.
  mutating func multiply(greys: Double, rest: Double, turn: Double) {
    let (even, odd) = (rest * cos(turn), rest * sin(turn) / 3.0.squareRoot())
    func entry(_ row: Int, _ column: Int) -> Double {
      let onAxis = (greys - even) / 3
      guard row != column else { return onAxis + even }
      return onAxis + ((column - row + 3) % 3 == 1 ? -odd : odd)
    }
    let (old, oldShift) = (matrix, shift)
    for row in 0..<3 {
      for column in 0..<3 {
        matrix[row * 3 + column] = (0..<3).reduce(0) { $0 + entry(row, $1) * old[$1 * 3 + column] }
      }
      shift[row] = (0..<3).reduce(0) { $0 + entry(row, $1) * oldShift[$1] }
    }
  }
}
