// Hair behind the head and on it.

extension PortraitPainter {
  private var showsHair: Bool { !who.isBald }

  /// Strands: darker and lighter lines down the hair, which follow its waves.
  @inline(__always)
  private func strands(_ p: Place, _ colour: Colour, lines: Float) -> Colour {
    let bent = who.isWavy ? p.x + 0.07 * wave(p.y * 1.5 + 0.5 * p.x) : p.x * (1 + 0.12 * p.y)
    let shine = smoothstep(0.3, 0.05, abs(p.y + 0.72 + 0.25 * p.x * p.x)) * 0.2
    return colour * (1 + 0.09 * wave(bent * lines) + shine)
  }

  /// How far waves push an outline out: by the angle for curls, else not at all.
  @inline(__always)
  private func waves(_ p: Place, depth: Float) -> Float {
    guard who.isWavy else { return 0 }
    let around = abs(p.x) > abs(p.y + 0.2) ? p.y * 2.1 : p.x * 2.1
    return depth * (scallop(around) - 0.35)
  }

  func paintHairBehind() {
    guard showsHair else { return }
    let dark = hair * 0.74
    let (width, cut) = (who.headWidth, who.hairCut)
    let lean = -0.05 * how.yaw
    switch cut {
    case .cropped, .parted, .swept: return
    case .full:
      canvas.fill(
        head, Bounds(-1.4, -1.5, 1.4, 0.6), paint: { p in strands(p, dark, lines: 2.6) },
        distance: { p in
          ellipse(p - Place(lean, -0.3), Place(width + 0.3, 0.98)) - waves(p, depth: 0.12)
        })
    case .bob:
      canvas.fill(
        head, Bounds(-1.5, -1.4, 1.5, 1.4), paint: { p in strands(p, dark, lines: 2.6) },
        distance: { p in
          let q = p - Place(lean, -0.12)
          return box(q, Place(width + 0.22 + 0.06 * q.y, 1.06), corner: 0.66)
            - waves(p, depth: 0.1)
        })
    case .long, .bun:
      let isLong = cut == .long
      canvas.fill(
        head, Bounds(-1.6, -1.7, 1.6, 2.6), paint: { p in strands(p, dark, lines: 2.6) },
        distance: { p in
          let q = p - Place(lean, isLong ? 0.5 : -0.2)
          guard isLong else {
            return min(
              ellipse(q, Place(width + 0.12, 0.9)) - waves(p, depth: 0.05),
              circle(p - Place(lean * 3, -1.2), 0.34) - waves(p, depth: 0.06))
          }
          return box(q, Place(width + 0.2 + 0.08 * q.y, 1.72), corner: 0.7)
            - waves(p, depth: 0.11)
        })
    }
  }

  func paintHairInFront() {
    guard showsHair else { return }
    let (colour, width, cut) = (hair, who.headWidth, who.hairCut)
    let turn = 0.16 * how.yaw
    let volume: Float =
      switch cut {
      case .cropped: 0.045
      case .parted, .swept, .bun: 0.1
      case .full: 0.16
      case .bob, .long: 0.12
      }
    let side: Float = who.hairShade < 0.5 ? -1 : 1
    let paint = { (p: Place) -> Colour in self.strands(p, colour, lines: 3.1) }
    canvas.fill(
      head, Bounds(-1.2, -1.45, 1.2, 0.7), paint: paint,
      distance: { p in
        // The crown, down to the hairline.
        let crown = headDistance(Place(p.x, p.y + 0.06)) - volume - waves(p, depth: 0.09)
        return max(crown, (p.y - hairline(p.x - turn, side: side)) * 0.8)
      })
    if cut == .bob || cut == .long { paintLocks(paint, volume: volume, turn: turn) }
    if who.hasBangs { paintBangs(paint, turn: turn, width: width) }
  }

  /// Where the hair ends on the forehead and before the ears.
  @inline(__always)
  private func hairline(_ x: Float, side: Float) -> Float {
    let t = abs(x) / who.headWidth
    let temple = t * t * t * t
    switch who.hairCut {
    case .cropped: return -0.56 + 0.5 * temple
    case .parted:
      let fall = (x - 0.3 * side) * side
      return -0.68 + 0.22 * clamp(-fall, 0, 1) + 0.5 * temple + 0.1 * clamp(fall, 0, 1)
    case .swept: return -0.6 + 0.12 * side * x + 0.42 * temple
    case .full: return -0.5 + 0.6 * temple
    case .bob, .long: return -0.72 + 0.75 * t * t + 0.2 * temple
    case .bun: return -0.62 + 0.45 * temple
    }
  }

  /// Hair that falls before the ears.
  private func paintLocks(
    _ paint: (Place) -> Colour, volume: Float, turn: Float
  ) {
    let width = who.headWidth
    let end: Float = who.hairCut == .long ? 1.45 : 0.62
    for side: Float in [-1, 1] {
      canvas.fill(
        head, Bounds(-1.4, -0.8, 1.4, end + 0.3), paint: paint,
        distance: { p in
          let q = Place(p.x * side - turn * side, p.y)
          let swing = who.isWavy ? 0.05 * wave(q.y * 1.2) : 0
          return line(
            q - Place(swing, 0), Place(width * 0.9, -0.5), Place(width + 0.1, end),
            halfWidth: 0.13 + volume * 0.3) - waves(p, depth: 0.04)
        })
    }
  }

  private func paintBangs(_ paint: (Place) -> Colour, turn: Float, width: Float) {
    let wavy: Float = who.isWavy ? 1 : 0
    canvas.fill(
      head, Bounds(-1, -1.2, 1, 0.1), paint: paint,
      distance: { p in
        let x = p.x - turn
        let edge = -0.27 + 0.09 * x * x - 0.05 * (1 + wavy) * scallop(x * (2.6 - 0.6 * wavy))
        return max(headDistance(Place(p.x, p.y + 0.04)) - 0.05, (p.y - edge) * 0.85)
      })
  }
}
