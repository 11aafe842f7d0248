// What is worn: clothes, glasses, hat, earrings, necklace and necktie.

extension PortraitPainter {
  /// Where the neck meets the shoulders.
  private var collar: Stand { Stand(origin: Place(how.shift.x * 0.6, 0.62)) }

  func paintGarment() {
    let (cloth, second, striped) = (how.cloth, how.secondCloth, how.isStriped)
    canvas.fill(
      collar, Bounds(-1.2, -0.3, 1.2, 0.95),
      paint: { p in
        let colour = striped && wave(p.y * 7) > 0.2 ? second : cloth
        return self.lit(colour, p)
      },
      distance: { p in
        let shoulders = blend(
          ellipse(p - Place(0, 0.5), Place(0.88, 0.42)), box(p - Place(0, 0.3), Place(0.26, 0.3)),
          0.12)
        switch how.garment {
        case .shirt: return max(shoulders, -lens(p, halfWidth: 0.2, up: 0.4, down: 0.2))
        case .roundNeck: return max(shoulders, -ellipse(p - Place(0, 0.04), Place(0.25, 0.16)))
        case .vNeck:
          return max(shoulders, (0.3 - p.y - abs(p.x) * 1.4) / 1.72)
        case .highNeck:
          return min(shoulders, box(p - Place(0, 0.06), Place(0.185, 0.15), corner: 0.05))
        }
      })
    if how.garment == .shirt { paintCollar() }
    if how.hasNecktie { paintNecktie() }
    if how.hasNecklace { paintNecklace() }
  }

  private func paintCollar() {
    let light = how.cloth.mixed(with: Colour(0xFFFFFF), 0.35)
    for side: Float in [-1, 1] {
      canvas.fill(collar, Bounds(-0.4, -0.1, 0.4, 0.4), light) { p in
        let q = Place(p.x * side, p.y)
        // A triangle from the neck to the breast.
        let inner = (0.02 - q.x + (0.2 - q.y) * 0.55) * 0.87
        let outer = (q.x - 0.32 + (q.y + 0.02) * 0.35) * 0.94
        return max(max(inner, outer), max(q.y - 0.3 + 0.25 * q.x, -0.08 - q.y))
      }
    }
  }

  private func paintNecktie() {
    let colour = how.secondCloth == how.cloth ? Colour(0x8E1F2F) : how.secondCloth
    let tie = colour.mixed(with: Colour(0x7A1626), 0.25)
    canvas.fill(collar, Bounds(-0.2, 0.1, 0.2, 0.6), tie * 0.8) { p in
      box(p - Place(0, 0.2), Place(0.078, 0.058), corner: 0.02)
    }
    canvas.fill(
      collar, Bounds(-0.2, 0.2, 0.2, 0.6),
      paint: { p in wave((p.x + p.y) * 9) > 0.4 ? tie.mixed(with: Colour(0xFFFFFF), 0.3) : tie },
      distance: { p in max(abs(p.x) - 0.045 - (p.y - 0.22) * 0.24, 0.235 - p.y) })
  }

  private func paintNecklace() {
    let metal = how.metal
    let (chain, bounds) = (collar.moved(to: Place(0, 0.28)), Bounds(-0.35, -0.45, 0.35, 0.2))
    canvas.fill(chain, bounds, Colour(0x2A1C15), softness: 0.04, opacity: 0.5) { p in
      stroke(p - Place(0, 0.02), halfWidth: 0.2, bend: -0.3, thickness: 0.034)
    }
    canvas.fill(
      chain, bounds, paint: { p in metal * (0.8 + 0.25 * scallop(p.x * 14)) },
      distance: { p in stroke(p, halfWidth: 0.2, bend: -0.3, thickness: 0.026) })
    canvas.fill(chain, bounds, metal) { p in circle(p - Place(0, 0.025), 0.052) }
  }

  func paintGlasses() {
    guard let kind = how.glasses else { return }
    let rim = how.rim
    let half =
      switch kind {
      case .round: Place(0.245, 0.235)
      case .square: Place(0.26, 0.185)
      case .wide: Place(0.275, 0.215)
      }
    let corner: Float =
      switch kind {
      case .round: 0.23
      case .square: 0.06
      case .wide: 0.14
      }
    var inner: [Place] = []
    for side: Float in [-1, 1] {
      let (place, squash) = onFace(side * (who.eyeDistance + 0.01), 0.06)
      let sides = Place(half.x * squash, half.y)
      let radius = min(corner, min(sides.x, sides.y) * 0.95)
      let stand = head.moved(to: place)
      canvas.fill(stand, Bounds(around: 0.4, 0.3), Colour(0xDFF0F7), opacity: 0.2) { p in
        box(p, sides, corner: radius)
      }
      canvas.fill(stand, Bounds(around: 0.4, 0.3), Colour(0xFFFFFF), opacity: 0.35) { p in
        max(
          box(p, sides - Place(0.04, 0.04), corner: radius * 0.8),
          abs(p.x + p.y * 0.7 - 0.1 * how.lightDirection) - 0.03)
      }
      canvas.fill(stand, Bounds(around: 0.42, 0.34), rim) { p in
        abs(box(p, sides, corner: radius)) - 0.026
      }
      inner.append(place - Place(side * sides.x, 0.03))
      // The arm to the ear.
      let ear = Place(side * who.headWidth * 0.99, 0.0 + 0.05 * how.pitch)
      let outer = place + Place(side * sides.x, -0.06)
      canvas.fill(head, Bounds(-1.1, -0.3, 1.1, 0.3), rim) { p in
        outer.x * side < ear.x * side ? line(p, outer, ear, halfWidth: 0.02) : 1
      }
    }
    let (left, right) = (inner[0], inner[1])
    canvas.fill(head, Bounds(-0.8, -0.2, 0.8, 0.3), rim) { p in
      line(p, left, right, halfWidth: 0.022)
    }
  }

  func paintHat() {
    guard let kind = how.hat else { return }
    let (colour, band) = (how.hatColour, how.hatColour.mixed(with: Colour(0x1A1A22), 0.38))
    let width = who.headWidth + 0.12
    let turn = 0.12 * how.yaw
    let crown = { (p: Place, top: Float, edge: Float) -> Float in
      max(ellipse(p - Place(0, -0.42), Place(width, top)), p.y - edge)
    }
    let shade = { (p: Place) -> Colour in self.lit(colour, p) }
    switch kind {
    case .beanie:
      canvas.fill(
        head, Bounds(-1.2, -1.7, 1.2, -0.3),
        paint: { p in shade(p) * (1 + 0.05 * wave(p.x * 5)) },
        distance: { p in min(crown(p, 0.98, -0.5), circle(p - Place(-turn, -1.44), 0.15)) })
      canvas.fill(
        head, Bounds(-1.2, -0.75, 1.2, -0.2),
        paint: { p in band * (1 + 0.09 * wave(p.x * 6)) },
        distance: { p in
          box(p - Place(0, -0.5 - 0.1 * p.x * p.x), Place(width + 0.02, 0.13), corner: 0.1)
        })
    case .cap:
      canvas.fill(
        head, Bounds(-1.2, -1.5, 1.2, -0.3), paint: shade,
        distance: { p in crown(p, 0.86, -0.46) })
      canvas.fill(
        head.moved(to: Place(turn * 3, -0.44)), Bounds(-1, -0.3, 1, 0.3), band
      ) { p in lens(p, halfWidth: 0.72, up: 0.1, down: 0.17) }
      canvas.fill(head.moved(to: Place(-turn, -1.28)), Bounds(around: 0.12, 0.1), band) { p in
        ellipse(p, Place(0.09, 0.05))
      }
    case .brimmed:
      canvas.fill(
        head, Bounds(-1.2, -1.6, 1.2, -0.3), paint: shade,
        distance: { p in
          max(
            box(p - Place(-turn * 0.5, -0.95), Place(width * 0.83, 0.52), corner: 0.26), p.y + 0.5)
        })
      canvas.fill(head, Bounds(-1.2, -0.9, 1.2, -0.5), band) { p in
        box(p - Place(-turn * 0.5, -0.68), Place(width * 0.84, 0.1))
      }
      canvas.fill(
        head.moved(to: Place(0, -0.55)), Bounds(-1.5, -0.3, 1.5, 0.3),
        paint: { p in shade(p) * 0.92 },
        distance: { p in
          ellipse(Place(p.x, p.y + 0.1 * p.x * p.x - 0.05), Place(width + 0.44, 0.11))
        })
    }
  }

  func paintEarrings() {
    guard how.hasEarrings else { return }
    let metal = how.metal
    for side: Float in [-1, 1] {
      let x = side * (who.headWidth + 0.05) * (1 - 0.2 * max(0, side * how.yaw)) + 0.05 * how.yaw
      let lobe = head.moved(to: Place(x, 0.36 + 0.05 * how.pitch))
      if how.earringLength < 0.5 {
        canvas.fill(lobe, Bounds(around: 0.2, 0.24), metal) { p in
          abs(circle(p - Place(0, 0.07), 0.1)) - 0.028
        }
      } else {
        canvas.fill(lobe, Bounds(around: 0.1, 0.4), metal * 0.85) { p in
          line(p, Place(0, -0.05), Place(0, 0.14), halfWidth: 0.018)
        }
        canvas.fill(lobe, Bounds(around: 0.12, 0.4), metal) { p in
          circle(p - Place(0, 0.18), 0.07)
        }
      }
    }
  }
}
