// Boxes around faces: shares, moves, squares, and which of many stay.

import Networks
import TestSupport
import Tensors
import Testing

private func box(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> FaceBox {
  FaceBox(left: left, top: top, right: right, bottom: bottom)
}

@Suite("Boxes around faces") struct FaceBoxTests {
  @Test("the part that two boxes share, of both and of the smaller")
  func overlap() {
    let a = box(0, 0, 4, 2)
    #expect(a.overlap(box(2, 1, 4, 3), over: .union) == 2.0 / 10)
    #expect(a.overlap(box(2, 1, 4, 3), over: .smaller) == 2.0 / 4)
    #expect(a.overlap(a, over: .union) == 1)
    #expect(a.overlap(box(1, 0, 2, 1), over: .smaller) == 1)
    // Boxes that touch share nothing, and neither do those that meet along one axis only.
    #expect(a.overlap(box(4, 0, 8, 2), over: .union) == 0)
    #expect(a.overlap(box(0, 5, 4, 9), over: .smaller) == 0)
  }

  @Test("of boxes that share too much, the first stays")
  func places() {
    let boxes = [
      box(0, 0, 10, 10), box(0, 0, 10, 8), box(20, 0, 30, 10), box(5, 0, 15, 10), box(0, 0, 5, 5),
    ]
    #expect(FaceBox.places(of: boxes, sharingAtMost: 0.5, of: .union) == [0, 2, 3, 4])
    #expect(FaceBox.places(of: boxes, sharingAtMost: 0.8, of: .union) == [0, 1, 2, 3, 4])
    #expect(FaceBox.places(of: boxes, sharingAtMost: 0.5, of: .smaller) == [0, 2, 3])
    #expect(FaceBox.places(of: boxes, sharingAtMost: 0.49, of: .smaller) == [0, 2])
    // One that was taken away takes none away itself.
    let chain = [box(0, 0, 10, 1), box(4, 0, 14, 1), box(8, 0, 18, 1)]
    #expect(FaceBox.places(of: chain, sharingAtMost: 0.4, of: .union) == [0, 2])
    #expect(FaceBox.places(of: [], sharingAtMost: 0.5, of: .union).isEmpty)
  }

  @Test("edges move by widths and heights")
  func moved() {
    let moved = box(10, 20, 14, 28).moved(by: [0.5, -0.25, 1, 0.125])
    #expect(moved == box(12, 18, 18, 29))
  }

  @Test("the square around a box has its middle and its longer side")
  func squares() throws {
    let square = try #require(PixelSquare(box(10, 20, 14, 30), height: 100, width: 100))
    #expect(square.box == box(7, 20, 17, 30))
    let beyond = try #require(PixelSquare(box(-6, -4, 4, 4), height: 100, width: 50))
    #expect((beyond.left, beyond.top, beyond.side) == (-6, -5, 10))
    let inside = try #require(PixelSquare(box(1.2, 1.2, 4.4, 4.4), height: 100, width: 100))
    #expect((inside.left, inside.top, inside.side) == (1, 1, 3))
  }

  @Test("boxes without size, outside the picture or far larger than it have no square")
  func noSquares() {
    let bad = [
      box(5, 5, 5, 9), box(5, 5, 9, 5), box(9, 5, 5, 9), box(5, 5, 5.2, 5.2),
      box(100, 5, 110, 15), box(-10, 5, 0, 15), box(5, -20, 15, -10), box(5, 60, 9, 64),
      box(0, 0, 121, 10), box(.nan, 5, 9, 9), box(5, 5, .infinity, 9), box(-1e300, 5, 1e300, 9),
    ]
    for box in bad { #expect(PixelSquare(box, height: 60, width: 100) == nil, "\(box)") }
  }

  @Test("squares are cut out where they are, and are black beyond the picture")
  func cropped() throws {
    let img = Tensor((0..<24).map { Double($0) / 10 }, shape: [1, 1, 4, 6])
    let inside = try #require(PixelSquare(box(2, 1, 4, 3), height: 4, width: 6))
    expectClose(
      inside.cropped(from: img), Tensor([0.8, 0.9, 1.4, 1.5], shape: [1, 1, 2, 2]), atol: 1e-12)
    let corner = try #require(PixelSquare(box(-1, -1, 1, 1), height: 4, width: 6))
    expectClose(
      corner.cropped(from: img), Tensor([-1, -1, -1, 0.0], shape: [1, 1, 2, 2]), atol: 1e-12)
    let other = try #require(PixelSquare(box(5, 2, 8, 5), height: 4, width: 6))
    expectClose(
      other.cropped(from: img),
      Tensor([1.7, -1, -1, 2.3, -1, -1, -1, -1, -1], shape: [1, 1, 3, 3]), atol: 1e-12)
  }
}
