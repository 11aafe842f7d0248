// Eyes, brows, nose, mouth and beard.

extension PortraitPainter {
  func paintEyes() {
    for side: Float in [-1, 1] {
      let (place, squash) = onFace(side * who.eyeDistance, 0.04)
      paintEye(head.moved(to: place), side: side, squash: squash)
    }
  }

  private func paintEye(_ stand: Stand, side: Float, squash: Float) {
    let half = 0.165 * who.eyeSize * squash
    // A smile lifts the lower lid.
    let up: Float = (who.hasNarrowEyes ? 0.042 : 0.108) * who.eyeSize
    let down: Float =
      (who.hasNarrowEyes ? 0.03 : 0.085) * who.eyeSize
      * (1 - 0.3 * max(0, how.smile))
    let bounds = Bounds(around: half + 0.04, 0.2)
    if who.hasBags { paintBag(stand, half: half, below: down) }
    canvas.fill(stand, bounds, shadow, softness: 0.06, opacity: 0.55) { p in
      lens(p, halfWidth: half * 1.15, up: up + 0.05, down: down * 0.8)
    }
    canvas.fill(stand, bounds, Colour(0xFBFAF7)) { p in
      lens(p, halfWidth: half, up: up, down: down)
    }
    let centre = Place(how.gaze.x * 0.35 * half, how.gaze.y * 0.02 - 0.008)
    let iris = who.iris
    canvas.fill(
      stand, bounds,
      paint: { p in iris * (0.85 + 2.2 * clamp(p.y - centre.y, -0.1, 0.12)) },
      distance: { p in
        max(
          ellipse(p - centre, Place(0.088 * min(squash, 1), 0.088) * who.eyeSize),
          lens(p, halfWidth: half, up: up, down: down))
      })
    canvas.fill(stand, bounds, Colour(0x16110F)) { p in
      max(
        circle(p - centre, 0.042 * who.eyeSize), lens(p, halfWidth: half, up: up, down: down))
    }
    canvas.fill(stand, bounds, Colour(0xFFFFFF), opacity: 0.9) { p in
      max(
        circle(p - centre - Place(0.032 * how.lightDirection, -0.034), 0.02 * who.eyeSize),
        lens(p, halfWidth: half, up: up, down: down))
    }
    // The upper lashes follow the lid.
    canvas.fill(stand.moved(to: Place(0, -up)), Bounds(around: half + 0.03, 0.2), Colour(0x241A17))
    { p in
      stroke(p, halfWidth: half * 1.08, bend: up * 1.05, thickness: 0.026)
    }
  }

  private func paintBag(_ stand: Stand, half: Float, below down: Float) {
    canvas.fill(
      stand.moved(to: Place(0, down + 0.085)), Bounds(around: half + 0.02, 0.14), shadow * 0.88,
      opacity: 0.75
    ) { p in stroke(p, halfWidth: half * 0.85, bend: -0.055, thickness: 0.022) }
  }

  func paintBrows() {
    let colour = (who.isBald ? hair * 0.8 : hair * 0.72).mixed(with: Colour(0x2A1C15), 0.25)
    let thickness: Float = who.hasBushyBrows ? 0.062 : 0.026
    let bend: Float = who.hasArchedBrows ? 0.13 : 0.025
    for side: Float in [-1, 1] {
      let height = -0.215 - 0.05 * how.browRaise - (who.hasArchedBrows ? 0.05 : 0)
      let (place, squash) = onFace(side * (who.eyeDistance + 0.01), height)
      var stand = head.moved(to: place)
      let t = side * who.browTilt * 0.5
      let (c, s) = ((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t))
      (stand.cosine, stand.sine) = (
        stand.cosine * c - stand.sine * s, stand.sine * c + stand.cosine * s
      )
      canvas.fill(stand, Bounds(around: 0.26, 0.22), colour) { p in
        stroke(p, halfWidth: 0.205 * squash, bend: bend, thickness: thickness)
      }
    }
  }

  func paintNose() {
    let big: Float = who.hasBigNose ? 1 : 0
    let width = 0.085 + 0.02 * who.noseWidth + 0.075 * big
    let bottom = 0.31 + 0.04 * who.noseLength + 0.06 * big
    // The tip stands out from the face, so it turns further than what lies on it.
    let (base, _) = onFace(0, bottom)
    let tip = Place(base.x + 0.16 * how.yaw * (1 + 0.5 * big), base.y)
    let (root, _) = onFace(0, -0.02)
    let dark: Float = how.lightDirection > 0 ? -1 : 1
    canvas.fill(head, Bounds(-0.6, -0.1, 0.6, 0.6), shadow, softness: 0.05, opacity: 0.55) { p in
      line(
        p, root + Place(0.05 * dark, 0), tip + Place(width * 0.55 * dark, -0.06),
        halfWidth: 0.02 + 0.02 * big)
    }
    let stand = head.moved(to: tip)
    canvas.fill(
      stand, Bounds(around: 0.3, 0.2), skin.mixed(with: Colour(0xE27A63), 0.16), softness: 0.05
    ) { p in ellipse(p - Place(0, -0.03), Place(width, width * 0.72)) }
    canvas.fill(
      stand, Bounds(around: 0.3, 0.2), Colour(0xFFFFFF), softness: 0.05, opacity: 0.28
    ) { p in ellipse(p - Place(0.03 * how.lightDirection, -0.06), Place(width * 0.4, width * 0.3)) }
    canvas.fill(
      stand.moved(to: Place(0, width * 0.62)), Bounds(around: 0.3, 0.2), shadow * 0.78, opacity: 0.9
    ) { p in stroke(p, halfWidth: width * 1.02, bend: -0.05 - 0.25 * width, thickness: 0.022) }
  }

  func paintMouth() {
    let (place, squash) = onFace(0, 0.615 + (who.hasBigNose ? 0.03 : 0))
    let stand = head.moved(to: place)
    let half =
      who.mouthWidth * squash * (1 + 0.18 * max(0, how.smile))
      * (how.isSmiling ? 1 : 1 - 0.25 * how.mouthOpening)
    let bend = 0.17 * how.smile
    let open = 0.125 * how.mouthOpening
    let thick: Float = who.hasBigLips ? 0.088 : 0.034
    let natural = skin.mixed(with: Colour(0xB04A4A), 0.42)
    let lips = how.hasLipstick ? how.lipstick : natural
    let bounds = Bounds(around: half + 0.03, 0.36)
    /// The middle between the lips, and how far the mouth has room there, at `x`.
    func shape(_ x: Float) -> (middle: Float, room: Float, slope: Float) {
      let t = x / half
      let slope = (abs(bend) + open + thick) * 2 * min(abs(t), 1) / half
      return (bend * (0.4 - t * t), max(1 - t * t, 0), (1 + slope * slope).squareRoot())
    }
    canvas.fill(
      stand, bounds,
      paint: { p in p.y < shape(p.x).middle ? lips * 0.88 : lips },
      distance: { p in
        let (middle, room, slope) = shape(p.x)
        let bow = 1 - 0.35 * max(0, 1 - p.x * p.x / (0.04 * half * half))
        let upper = middle - (open * 0.5 + thick * 0.85 * bow) * room
        let lower = middle + (open * 0.9 + thick * 1.1) * room
        return max(max(upper - p.y, p.y - lower) / slope, abs(p.x) - half)
      })
    guard how.isMouthOpen else {
      canvas.fill(stand, bounds, lips.mixed(with: Colour(0x3A0F12), 0.7)) { p in
        let (middle, _, slope) = shape(p.x)
        return max(abs(p.y - middle) / slope - 0.016, abs(p.x) - half)
      }
      return
    }
    let inside = { (p: Place) -> Float in
      let (middle, room, slope) = shape(p.x)
      let (upper, lower) = (middle - open * 0.5 * room, middle + open * 0.9 * room)
      return max(max(upper - p.y, p.y - lower) / slope, abs(p.x) - half * 0.95)
    }
    canvas.fill(stand, bounds, Colour(0x4A1216), distance: inside)
    canvas.fill(stand, bounds, Colour(0xFAF7F2)) { p in
      let (middle, room, slope) = shape(p.x)
      return max(inside(p), (p.y - middle + open * 0.5 * room - 0.055) / slope)
    }
    canvas.fill(stand, bounds, Colour(0xC9565B)) { p in
      max(inside(p), ellipse(p - Place(0, bend * 0.4 + open * 1.05), Place(half * 0.5, open * 0.5)))
    }
  }

  func paintBeard() {
    let colour = (hair * 0.86).mixed(with: skin, 0.12)
    let (mouth, squash) = onFace(0, 0.615 + (who.hasBigNose ? 0.03 : 0))
    if who.hasFullBeard {
      canvas.fill(head, Bounds(-1, 0, 1, 1.25), colour) { p in
        let jaw = max(headDistance(Place(p.x, p.y * 0.93)) - 0.03, headDistance(p) - 0.09)
        let line = 0.5 - 0.42 * abs(p.x) + 0.02 * wave(p.x * 3)
        return max(jaw, (line - p.y + 0.1 * (1 - abs(p.x))) * 0.85)
      }
    }
    if who.hasGoatee {
      canvas.fill(
        head.moved(to: Place(mouth.x * 0.85, 0.9)), Bounds(around: 0.3, 0.34), colour
      ) { p in
        blend(
          ellipse(p, Place(0.19, 0.17)), ellipse(p - Place(0, 0.13), Place(0.1, 0.12)), 0.06)
      }
    }
    guard who.hasMustache else { return }
    let stand = head.moved(to: mouth + Place(0.03 * how.yaw, -0.135))
    canvas.fill(stand, Bounds(around: 0.42, 0.2), colour * 0.94) { p in
      let x = abs(p.x) - 0.15 * squash
      return ellipse(Place(x, p.y - 0.32 * x * abs(x) - 0.18 * x), Place(0.2 * squash, 0.075))
    }
  }
}
