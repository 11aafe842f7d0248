// The cascade: what is found is where it is, to the pixel, and nothing runs away.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// A detector of bright squares.
private func squareDetector() -> FaceDetector {
  let network = MTCNN(Scope(ParameterStore()))
  withoutGradients {
    for (name, tensor) in SquareDetector.parameters() { network.parameters[name].assign(tensor) }
  }
  return FaceDetector(network)
}

/// A bright square on black.
private struct Square {
  let left: Int
  let top: Int
  let side: Int

  /// The corners, with whole numbers for the centres of pixels, and the middle.
  var points: [(x: Double, y: Double)] {
    let (x0, y0) = (Double(left) - 0.5, Double(top) - 0.5)
    let (x1, y1, half) = (x0 + Double(side), y0 + Double(side), Double(side) / 2)
    return [(x0, y0), (x1, y0), (x0 + half, y0 + half), (x0, y1), (x1, y1)]
  }
}

private func picture(of squares: [Square], height: Int, width: Int) -> Tensor {
  var pixels = [Float](repeating: -1, count: height * width)
  for square in squares {
    for row in square.top..<square.top + square.side {
      for column in square.left..<square.left + square.side { pixels[row * width + column] = 1 }
    }
  }
  return Tensor(pixels, shape: [1, 1, height, width]).repeated(1, 3, 1, 1)
}

/// How far the points of a face are from where they should be, at worst.
private func error(_ face: DetectedFace, _ square: Square) -> Double {
  zip(face.points, square.points).map { max(abs($0.x - $1.x), abs($0.y - $1.y)) }.max() ?? .infinity
}

@Suite("Finding faces") struct FaceDetectorTests {
  @Test("a square is found where it is, large or small, beside the border too")
  func places() {
    let detector = squareDetector()
    let squares = [
      Square(left: 61, top: 50, side: 40), Square(left: 120, top: 21, side: 40),
      Square(left: 32, top: 92, side: 41), Square(left: 20, top: 17, side: 20),
      Square(left: 90, top: 66, side: 28), Square(left: 140, top: 94, side: 28),
      // Whose box reaches beyond the picture.
      Square(left: 12, top: 60, side: 40), Square(left: 80, top: 14, side: 40),
      Square(left: 150, top: 98, side: 40),
    ]
    for square in squares {
      let faces = detector.faces(in: picture(of: [square], height: 150, width: 200))
      #expect(faces.count == 1, "\(square): \(faces)")
      // The networks are fitted to about a fiftieth of the square.
      #expect(faces.first.map { error($0, square) } ?? .infinity < 1.5, "\(square): \(faces)")
      // The box is the second network's, of whose pixels it has 24.
      let middle = faces.first.map { ($0.box.left + $0.box.right) / 2 } ?? .infinity
      let pixel = Double(square.side) / 12
      #expect(abs(middle - Double(square.left) - Double(square.side) / 2) < pixel)
      #expect(faces.first.map { abs($0.box.width - 2 * Double(square.side)) } ?? .infinity < 4)
    }
  }

  @Test("several are found, the largest first, and again the same")
  func several() {
    let detector = squareDetector()
    let squares = [
      Square(left: 40, top: 30, side: 28), Square(left: 160, top: 90, side: 56),
      Square(left: 60, top: 150, side: 40),
    ]
    let img = picture(of: squares, height: 220, width: 290)
    let faces = detector.faces(in: img)
    #expect(faces.count == 3)
    for (face, square) in zip(faces, [squares[1], squares[2], squares[0]]) {
      #expect(error(face, square) < 2, "\(square): \(face)")
    }
    #expect(detector.faces(in: img) == faces)
  }

  @Test("a mirrored picture has the mirrored points")
  func mirrored() throws {
    let detector = squareDetector()
    let img = picture(of: [Square(left: 50, top: 40, side: 40)], height: 140, width: 180)
    let face = try #require(detector.faces(in: img).first)
    let other = try #require(detector.faces(in: img.flipped(3)).first)
    for (a, b) in [(0, 1), (1, 0), (2, 2), (3, 4), (4, 3)] {
      #expect(abs(face.points[a].x - (179 - other.points[b].x)) < 1.5)
      #expect(abs(face.points[a].y - other.points[b].y) < 1.5)
    }
  }

  @Test("smaller ones than wanted are not looked for")
  func smallest() {
    var detector = squareDetector()
    let img = picture(of: [Square(left: 50, top: 40, side: 14)], height: 140, width: 180)
    #expect(detector.faces(in: img).count == 1)
    detector.minFaceSize = 140
    #expect(detector.faces(in: img).isEmpty)
  }

  @Test("nothing is found in nothing, nor in pictures smaller than a window")
  func nothing() {
    let detector = squareDetector()
    #expect(detector.faces(in: .full(-1, [1, 3, 90, 70])).isEmpty)
    #expect(detector.faces(in: .full(1, [1, 3, 90, 70])).isEmpty)
    for (height, width) in [(1, 1), (1, 500), (11, 300), (12, 12), (19, 19)] {
      #expect(detector.faces(in: .full(-1, [1, 3, height, width])).isEmpty)
    }
  }

  @Test(
    "random weights, however large, end without harm and the same every time",
    arguments: [1, 30, 1e30, Double.infinity])
  func random(factor: Double) {
    let network = MTCNN(Scope(ParameterStore(), generator: TorchGenerator(seed: 3)))
    withoutGradients {
      for (name, entry) in network.parameters.entries where name.contains("_2.weight") {
        entry.tensor.multiplyInPlace(factor)
      }
    }
    var detector = FaceDetector(network)
    (detector.proposalThreshold, detector.refinementThreshold) = (0.1, 0.1)
    detector.outputThreshold = 0.1
    let img = Tensor.seeded([1, 3, 150, 110], seed: 9, dtype: .float32).clamped(from: -1, to: 1)
    let faces = detector.faces(in: img)
    #expect(detector.faces(in: img) == faces)
    if factor == 1 { #expect(!faces.isEmpty) }
  }
}
