// The parts of a portrait from back to front, and the head that most of them stand on.

struct PortraitPainter {
  let canvas: PortraitCanvas
  let who: PortraitIdentity
  let how: PortraitScene
  /// The head's stand: its half height is 1, its chin at (0, 1).
  let head: Stand
  let skin: Colour
  let shadow: Colour
  let hair: Colour

  init(_ portrait: Portrait, size: Int) {
    canvas = PortraitCanvas(size: size)
    (who, how) = (portrait.identity, portrait.scene)
    let t = how.roll
    head = Stand(
      origin: Place(0, -0.09) + how.shift, cosine: (1 - t * t) / (1 + t * t),
      sine: 2 * t / (1 + t * t), scale: 0.545 * how.scale)
    skin = who.skin
    shadow = skin * Colour(0.80, 0.70, 0.68, 0)
    hair = who.hair
  }

  func paint() {
    paintBackground()
    paintHairBehind()
    paintNeck()
    paintGarment()
    paintEars()
    paintHead()
    paintBeard()
    paintMouth()
    paintNose()
    paintEyes()
    paintBrows()
    paintHairInFront()
    paintGlasses()
    paintHat()
    paintEarrings()
    paintLight()
  }

  /// A place on the front of the head, which is round: `u` from ear, -1, to ear, 1.
  ///
  /// - Returns: The place in the head's units, and how much narrower things look there.
  func onFace(_ u: Float, _ y: Float) -> (place: Place, squash: Float) {
    let (sine, cosine) = (how.yaw, (1 - how.yaw * how.yaw).squareRoot())
    let depth = (1 - u * u).squareRoot()
    return (
      Place(who.headWidth * (u * cosine + depth * sine), y + 0.07 * how.pitch),
      cosine - u / depth * sine
    )
  }

  /// The signed distance of the head's outline.
  @inline(__always)
  func headDistance(_ p: Place) -> Float {
    let low = clamp(p.y + 0.1, 0, 1)
    return ellipse(Place(p.x * (1 + who.taper * low * low), p.y), Place(who.headWidth, 1))
  }

  /// A colour under the light, which comes from one side.
  @inline(__always)
  func lit(_ colour: Colour, _ p: Place) -> Colour {
    colour * (1 + 0.1 * how.lightDirection * p.x - 0.04 * p.y)
  }
}

// MARK: - Background and light

extension PortraitPainter {
  private func paintBackground() {
    let (top, bottom) = (how.backgroundTop, how.backgroundBottom)
    canvas.change { p, _ in top.mixed(with: bottom, 0.5 + 0.5 * p.y) }
    let stand = Stand()
    let all = Bounds(around: 1, 1)
    let light = bottom.mixed(with: Colour(0xFFFFFF), 0.25)
    switch how.pattern {
    case .plain: break
    case .disc:
      canvas.fill(stand, all, light) { p in circle(p - Place(0, -0.1), 0.78) }
    case .stripes:
      canvas.fill(stand, all, light, opacity: 0.5) { p in
        0.09 * wave((p.x + p.y * 0.6) * 1.9)
      }
    case .dots:
      canvas.fill(stand, all, light, opacity: 0.7) { p in
        let cell = p * 3.2
        let q = cell - Place(cell.x.rounded(.down), cell.y.rounded(.down)) - Place(0.5, 0.5)
        return circle(q, 0.16) / 3.2
      }
    case .hills:
      let far = bottom.mixed(with: top, 0.3) * 0.86
      canvas.fill(stand, all, far) { p in 0.05 * wave(p.x * 0.45 + 0.2) + 0.25 - p.y }
      canvas.fill(stand, all, far * 0.86) { p in 0.08 * wave(p.x * 0.6 + 0.7) + 0.5 - p.y }
    }
  }

  /// One light over the whole picture.
  private func paintLight() {
    let tint = Colour(1 + 0.05 * how.warmth, 1, 1 - 0.07 * how.warmth, 0) * how.brightness
    let direction = how.lightDirection
    canvas.change { p, colour in colour * tint * (1 + 0.07 * direction * p.x) }
  }
}

// MARK: - Head, ears and neck

extension PortraitPainter {
  private func paintNeck() {
    let chin = head.outside(Place(0, 0.55))
    let stand = Stand()
    let dark = shadow.mixed(with: skin, 0.25)
    canvas.fill(
      stand, Bounds(-0.6, -0.2, 0.6, 1.1),
      paint: { p in p.y < 0.4 ? dark : dark.mixed(with: skin, smoothstep(0.46, 0.62, p.y)) },
      distance: { p in
        blend(
          line(
            p, chin, Place(how.shift.x * 0.6, 0.74), halfWidth: 0.17 + 0.12 * (who.headWidth - 0.7)),
          ellipse(p - Place(how.shift.x * 0.6, 0.86), Place(0.28, 0.22)), 0.12)
      })
  }

  private func paintEars() {
    for side: Float in [-1, 1] {
      // The ear on the side that the head turns to goes out of sight.
      let x = side * who.headWidth * (1 - 0.35 * max(0, side * how.yaw))
      let ear = head.moved(to: Place(x + 0.05 * how.yaw, 0.1 + 0.05 * how.pitch))
      canvas.fill(ear, Bounds(around: 0.16, 0.22), skin * 0.95) { p in
        ellipse(p, Place(0.13, 0.19))
      }
      canvas.fill(ear, Bounds(around: 0.1, 0.14), shadow, opacity: 0.7) { p in
        ellipse(p - Place(-0.01 * side, 0), Place(0.065, 0.11))
      }
    }
  }

  private func paintHead() {
    let (light, tone, dark) = (how.lightDirection, skin, shadow)
    let width = who.headWidth
    canvas.fill(
      head, Bounds(around: width + 0.02, 1.02),
      paint: { p in
        // The side away from the light and the edge of the jaw are darker.
        let side = smoothstep(0.15, 1.05, -light * p.x / width * (0.7 + 0.3 * abs(light)))
        let low = smoothstep(0.55, 1.15, p.y)
        return tone.mixed(with: dark, min(0.75 * abs(light) * side + 0.4 * low, 0.85))
      },
      distance: { p in headDistance(p) })
    if how.hasRosyCheeks { paintCheeks() }
    if who.hasFreckles { paintFreckles() }
    if !who.isYoung { paintFolds() }
  }

  private func paintCheeks() {
    for u: Float in [-0.62, 0.62] {
      let (place, squash) = onFace(u, 0.36)
      let red = skin.mixed(with: Colour(0xE8505B), 0.62)
      let radii = Place(max(0.17 * squash, 0.04), 0.14)
      canvas.fill(
        head, Bounds(place.x - 0.3, place.y - 0.26, place.x + 0.3, place.y + 0.26), red,
        softness: 0.14, opacity: 0.85
      ) { p in max(ellipse(p - place, radii), headDistance(p) + 0.07) }
    }
  }

  private func paintFreckles() {
    let places: [(Float, Float)] = [
      (-0.5, 0.24), (-0.38, 0.3), (-0.58, 0.33), (-0.3, 0.22), (-0.44, 0.39),
    ]
    let dot = skin.mixed(with: Colour(0x8A4B2A), 0.45)
    for (u, y) in places {
      for side: Float in [-1, 1] {
        let (place, _) = onFace(side * (u + 0.03 * side), y + 0.02 * side)
        canvas.fill(head.moved(to: place), Bounds(around: 0.04, 0.04), dot, opacity: 0.8) { p in
          circle(p, 0.02)
        }
      }
    }
  }

  /// The lines from nose to mouth and on the forehead.
  private func paintFolds() {
    let strength = 0.35 + 0.35 * (who.age - 0.65) / 0.35
    for side: Float in [-1, 1] {
      let (from, _) = onFace(side * 0.27, 0.36)
      let (to, _) = onFace(side * 0.44, 0.6)
      canvas.fill(
        head, Bounds(-1, 0.2, 1, 0.8), shadow * 0.9, opacity: strength
      ) { p in line(p, from, to, halfWidth: 0.014) }
    }
    for y: Float in [-0.5, -0.4] {
      let (place, squash) = onFace(0, y)
      canvas.fill(
        head.moved(to: place), Bounds(around: 0.36, 0.08), shadow * 0.9, opacity: strength
      ) { p in stroke(p, halfWidth: 0.32 * squash, bend: 0.03, thickness: 0.014) }
    }
  }
}
