// What augmentation does to pictures, one transformation after the other, and how often.

import Layers
import Networks
import TestSupport
import Tensors
import Testing
import Training

@Suite("Augmentation of pictures") struct AugmentationTests {
  private let images = Tensor.seeded([2, 3, 12, 12], seed: 1, dtype: .float32)

  /// The images with one thing done to the first of them.
  private func first(
    of images: Tensor, _ change: (inout PictureAugmentation) -> Void
  ) -> Tensor {
    var pictures = Array(repeating: PictureAugmentation(), count: images.size(0))
    change(&pictures[0])
    let found = BatchAugmentation(pictures)(images)
    for other in 1..<images.size(0) {
      #expect(
        bits(found.selected(other, axis: 0)) == bits(images.selected(other, axis: 0)),
        "picture \(other), to which nothing happens")
    }
    return found.sliced(0..<1, axis: 0)
  }

  private var picture: Tensor { images.sliced(0..<1, axis: 0) }

  @Test("pictures to which nothing happens stay what they are, bit for bit")
  func nothing() {
    let found = BatchAugmentation([PictureAugmentation(), PictureAugmentation()])(images)
    #expect(bits(found) == bits(images))
  }

  @Test("a picture goes where it is shifted to, and is continued by reflection")
  func shifts() {
    let found = first(of: images) { ($0.wholeShiftX, $0.wholeShiftY) = (2, -1) }
    let continued: Tensor = call("aten::reflection_pad2d", picture, [2, 0, 0, 1])
    expectClose(
      found, continued.sliced(0..<12, axis: 3).sliced(1..<13, axis: 2), atol: 1e-5)
    let same = first(of: images) { ($0.shiftX, $0.shiftY) = (2, -1) }
    expectClose(same, found, atol: 1e-6)
  }

  @Test("the slopes of a picture are those of the map that reads it")
  func moves() {
    // Reflection bends the slopes beyond the edges. How far off they are read is left out of account:
    // the symlet delays what passes it by a part of a pixel, as in the published program.
    let ramp = Tensor.arange(32).cast(to: .float32)
    let pictures = [ramp.reshaped(1, 1, 1, 32), ramp.reshaped(1, 1, 32, 1)].map {
      $0.expanded(2, 1, 32, 32).contiguous()
    }
    /// How fast what is read moves along x and y in the picture, for steps along both axes.
    func expectSlopes(
      _ expected: [Double], _ name: String, _ change: (inout PictureAugmentation) -> Void
    ) {
      let found = pictures.flatMap { picture -> [Tensor] in
        let centre = first(of: picture, change).sliced(12..<20, axis: 2).sliced(12..<20, axis: 3)
        return [3, 2].map { axis in
          centre.sliced(1..<8, axis: axis) - centre.sliced(0..<7, axis: axis)
        }
      }
      for (slopes, slope) in zip(found, expected) {
        expectClose(slopes, .full(slope, slopes.shape), atol: 1e-3, name)
      }
    }
    let (cosine, sine) = (0.75.squareRoot(), 0.5)
    expectSlopes([-1, 0, 0, 1], "mirrored") { $0.isMirrored = true }
    expectSlopes([0, -1, 1, 0], "a quarter") { $0.quarterTurns = 1 }
    expectSlopes([-1, 0, 0, -1], "two quarters") { $0.quarterTurns = 2 }
    expectSlopes([0.5, 0, 0, 0.5], "scaled") { $0.scale = 2 }
    expectSlopes([1.25, 0, 0, 0.8], "stretched") { $0.stretch = 0.8 }
    expectSlopes([cosine, -sine, sine, cosine], "turned") { $0.turnBefore = .pi / 6 }
    expectSlopes([cosine, -sine, sine, cosine], "turned after") { $0.turnAfter = .pi / 6 }
    expectSlopes([0, -0.8, 1.25, 0], "turned, then stretched") {
      ($0.turnBefore, $0.stretch) = (.pi / 2, 0.8)
    }
    expectSlopes([0, -1.25, 0.8, 0], "stretched, then turned") {
      ($0.turnAfter, $0.stretch) = (.pi / 2, 0.8)
    }
  }

  @Test("colours change about the axis of greys")
  func colours() {
    expectClose(
      first(of: images) { ($0.brightness, $0.contrast) = (0.5, 2) }, (picture + 0.5) * 2,
      atol: 1e-5)
    let grey = picture.mean(over: 1, keepAxes: true)
    expectClose(
      first(of: images) { $0.isLumaFlipped = true }, picture - grey * 2, atol: 1e-5)
    expectClose(
      first(of: images) { $0.saturation = 3 }, grey + (picture - grey) * 3, atol: 1e-5)
    // A third of a circle takes red to green, green to blue and blue to red.
    let turned = Tensor.concatenate(
      [2, 0, 1].map { picture.sliced($0..<$0 + 1, axis: 1) }, axis: 1)
    expectClose(first(of: images) { $0.hue = 2 * .pi / 3 }, turned, atol: 1e-5)
  }

  @Test("grey pictures stay grey, and opacity stays what it is")
  func otherChannels() {
    let greys = images.sliced(0..<1, axis: 1).contiguous()
    let grey = greys.sliced(0..<1, axis: 0)
    func change(_ picture: inout PictureAugmentation) {
      (picture.brightness, picture.contrast, picture.isLumaFlipped) = (0.25, 2, true)
    }
    expectClose(first(of: greys, change), (grey + 0.25) * -2, atol: 1e-5)
    let opaque = Tensor.concatenate([images, greys], axis: 1)
    let found = first(of: opaque, change)
    #expect(bits(found.sliced(3..<4, axis: 1)) == bits(grey))
    expectClose(found.sliced(0..<3, axis: 1), first(of: images, change), atol: 0)
  }

  @Test("bands that all stay leave the picture; a stronger band changes what varies that fast")
  func bands() {
    let (rows, columns) = (Tensor.arange(24).reshaped(24, 1), Tensor.arange(24))
    let board = ((rows + columns).cast(to: .float32) * .pi).cos().expanded(2, 3, 24, 24)
      .contiguous()
    let flat = board.onesLike()
    // The bands' expected powers are 10, 1, 1 and 1 thirteenths.
    let power = ((12 + 4.0 * 4.0) / 13).squareRoot()
    func gains(_ gains: [Double], of images: Tensor) -> Tensor {
      first(of: images) { $0.bandGains = gains }
    }
    // Two passes of a filter whose taps are float32: along rows and columns.
    expectClose(
      gains([1, 1, 1, 4], of: board), board.sliced(0..<1, axis: 0) * (16 / (power * power)),
      atol: 1e-3)
    expectClose(
      gains([1, 1, 1, 4], of: flat), flat.sliced(0..<1, axis: 0) / (power * power), atol: 1e-4)
  }

  @Test("noise is added as strong as was drawn, and a square is cut out around its centre")
  func noiseAndCutout() {
    var pictures = Array(repeating: PictureAugmentation(), count: 2)
    pictures[0].noiseDeviation = 0.5
    let noise = Tensor.seeded([2, 3, 12, 12], seed: 8, dtype: .float32)
    let found = BatchAugmentation(pictures, pixelNoise: noise)(images)
    expectClose(
      found - images, noise * Tensor([0.5, 0] as [Float], shape: [2, 1, 1, 1]), atol: 1e-6)
    let cut = first(of: images.onesLike()) {
      ($0.cutoutSize, $0.cutoutX, $0.cutoutY) = (0.5, 0.5, 0)
    }
    // Six columns in the middle, and the three rows of six that are inside.
    #expect(cut.sum().item() == Double(3 * (144 - 6 * 3)))
    #expect(cut.sliced(0..<3, axis: 2).sliced(3..<9, axis: 3).max().item() == 0)
  }

  @Test("pictures can be differentiated by, twice, through everything")
  func slopes() {
    var pictures = Array(repeating: PictureAugmentation(), count: 3)
    pictures[0].turnBefore = 0.4
    (pictures[0].contrast, pictures[0].hue) = (1.5, 1)
    (pictures[2].scale, pictures[2].shiftX, pictures[2].isMirrored) = (0.8, 1.5, true)
    (pictures[2].cutoutSize, pictures[2].cutoutX, pictures[2].cutoutY) = (0.5, 0.3, 0.6)
    let all = BatchAugmentation(pictures)
    expectSecondGradients(at: [.seeded([3, 3, 6, 5], seed: 1)]) { all($0[0]) }
    pictures[1].bandGains = [1, 2, 0.5, 3]
    let filtered = BatchAugmentation(pictures)
    expectGradients(at: [.seeded([3, 1, 22, 23], seed: 1)]) { filtered($0[0]) }
  }

  @Test("parts of a batch are augmented as the batch is, where nothing is continued")
  func parts() {
    var source = RandomAugmentationSource(TorchGenerator(seed: 3))
    var pipe = AugmentationPipe(.color)
    (pipe.noise, pipe.cutout) = (1, 1)
    let drawn = pipe.draw([6, 3, 12, 12], p: 0.7, from: &source)
    let batch = Tensor.seeded([6, 3, 12, 12], seed: 2, dtype: .float32)
    let whole = drawn(batch)
    expectClose(
      drawn.rows(2..<5)(batch.sliced(2..<5, axis: 0)), whole.sliced(2..<5, axis: 0), atol: 1e-6)
    #expect((whole - batch).abs().max().item() > 0.1)
  }
}

@Suite("Drawing augmentation") struct AugmentationDrawTests {
  private func draw(_ pipe: AugmentationPipe, p: Double, count: Int, seed: UInt64 = 1)
    -> [PictureAugmentation]
  {
    var source = RandomAugmentationSource(TorchGenerator(seed: seed))
    return pipe.draw([count, 3, 32, 32], p: p, from: &source).pictures
  }

  @Test("sets hold what the published program's hold")
  func sets() {
    let all = AugmentationPipe(.bgcfnc)
    #expect(AugmentationSet.allCases.count == 11)
    #expect(
      [all.xflip, all.xfrac, all.saturation, all.imageFilter, all.noise, all.cutout]
        == [1, 1, 1, 1, 1, 1])
    let bgc = AugmentationPipe(.bgc)
    #expect([bgc.rotate90, bgc.aniso, bgc.hue] == [1, 1, 1])
    #expect([bgc.imageFilter, bgc.noise, bgc.cutout] == [0, 0, 0])
    #expect(AugmentationPipe(.bg).brightness == 0 && AugmentationPipe(.color).scale == 0)
    #expect(AugmentationPipe(.blit).xint == 1 && AugmentationPipe(.blit).scale == 0)
  }

  @Test("nothing happens at p 0, and more happens at a larger p to the same pictures")
  func nesting() {
    let pipe = AugmentationPipe(.bgcfnc)
    let nothing = draw(pipe, p: 0, count: 50)
    #expect(nothing.allSatisfy { $0 == PictureAugmentation() })
    let (some, more) = (draw(pipe, p: 0.3, count: 50), draw(pipe, p: 0.6, count: 50))
    for (a, b) in zip(some, more) {
      if a.scale != 1 { #expect(b.scale == a.scale) }
      if a.hue != 0 { #expect(b.hue == a.hue) }
      if a.cutoutSize > 0 { #expect(b.cutoutX == a.cutoutX && b.cutoutSize == 0.5) }
    }
  }

  @Test("each thing happens as often as p says, turns with either of two as often")
  func frequencies() {
    let (count, p) = (4000, 0.4)
    let drawn = draw(AugmentationPipe(.bgcfnc), p: p, count: count)
    func share(_ isChanged: (PictureAugmentation) -> Bool) -> Double {
      Double(drawn.count(where: isChanged)) / Double(count)
    }
    // Five standard deviations of a share of 4000.
    func expectShare(_ expected: Double, _ name: String, _ isChanged: (PictureAugmentation) -> Bool)
    {
      let found = share(isChanged)
      let bound = 5 * (expected * (1 - expected) / Double(count)).squareRoot()
      #expect(abs(found - expected) < bound, "\(name): \(found)")
    }
    expectShare(p / 2, "mirrored") { $0.isMirrored }
    expectShare(p * 3 / 4, "quarter turns") { $0.quarterTurns != 0 }
    expectShare(p, "scaled") { $0.scale != 1 }
    expectShare(p, "turned") { $0.turnBefore != 0 || $0.turnAfter != 0 }
    expectShare(1 - (1 - p).squareRoot(), "turned before") { $0.turnBefore != 0 }
    expectShare(p, "shifted") { $0.shiftX != 0 && $0.shiftY != 0 }
    expectShare(p, "brightness") { $0.brightness != 0 }
    expectShare(p / 2, "inverted") { $0.isLumaFlipped }
    expectShare(p, "saturation") { $0.saturation != 1 }
    expectShare(p, "second band") { $0.bandGains[1] != 1 }
    expectShare(p, "noise") { $0.noiseDeviation > 0 }
    expectShare(p, "cut out") { $0.cutoutSize == 0.5 }
    let logarithms = drawn.filter { $0.contrast != 1 }.map { logarithm($0.contrast) }
    let deviation = (logarithms.reduce(0) { $0 + $1 * $1 } / Double(logarithms.count)).squareRoot()
    #expect(abs(deviation - 0.5) < 0.05, "of the logarithm of contrast: \(deviation)")
  }

  private func logarithm(_ x: Double) -> Double {
    Tensor([x]).log().item() / Tensor([2.0]).log().item()
  }

  @Test("values that cannot be are named, also where pictures are too small for a filter")
  func refusals() throws {
    var pipe = AugmentationPipe(.bgcf)
    try pipe.validate(resolution: 32)
    #expect(throws: ConfigurationError.self) { try pipe.validate(resolution: 16) }
    pipe.imageFilterBands = [1, 1]
    #expect(throws: ConfigurationError.self) { try pipe.validate() }
    var negative = AugmentationPipe(.bgc)
    negative.hue = -1
    #expect(throws: ConfigurationError.self) { try negative.validate() }
  }
}
