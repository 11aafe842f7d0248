// Faces found in pictures by MTCNN's cascade: Zhang et al., "Joint Face Detection and Alignment using
// Multi-task Cascaded Convolutional Networks" (2016), section II.

import Layers
public import Tensors

/// A face in a picture.
public struct DetectedFace: Hashable, Sendable {
  /// A place in a picture: whole numbers are the centres of pixels.
  public struct Point: Hashable, Sendable {
    /// From left to right.
    public var x: Double
    /// From top to bottom.
    public var y: Double
  }

  /// The part of the picture that the face fills.
  public var box: FaceBox
  /// How likely it is a face, from 0 to 1.
  public var probability: Double
  /// The left eye, the right eye, the nose, and the left and right corner of the mouth, as one looks
  /// at the picture.
  public var points: [Point]
}

/// Finds the faces of pictures.
///
/// The first network looks at the picture at many sizes and proposes windows of 12 × 12 pixels. The
/// second looks at each at 24 × 24 pixels and the third at 48 × 48; each keeps those that it takes
/// for faces and moves their edges. Of windows that lie over one another the likeliest stays. Pictures
/// and windows are brought to a size by the mean of the pixels that fall on each new one; windows
/// that reach beyond the picture are black there.
///
/// The same picture gives the same faces. Boxes run from pixels' edge to edge, where the published
/// programs count some of them from centre to centre: results differ from theirs by a pixel or two.
public struct FaceDetector {
  /// The width and height of the smallest faces, in pixels; 12 at least.
  public var minFaceSize = 20.0
  /// How much smaller the picture is at each further size.
  public var scaleFactor = 0.709
  /// How likely a face must be for the first network.
  public var proposalThreshold = 0.6
  /// How likely a face must be for the second network.
  public var refinementThreshold = 0.7
  /// How likely a face must be for the third network.
  ///
  /// - Source: `detector.py` of pixel2style2pixel's MTCNN; facenet-pytorch has 0.7 here.
  public var outputThreshold = 0.8
  private let network: MTCNN

  /// The windows that one size of the picture may give; the likeliest are taken.
  private static let windowsOfSize = 4096
  /// The windows that the second network looks at; the likeliest are taken.
  private static let windowsOfPicture = 1024
  /// The windows that a network looks at together, which bounds its memory.
  private static let batchSize = 128

  /// A detector with the published thresholds.
  ///
  /// - Parameter network: The three networks.
  public init(_ network: MTCNN) { self.network = network }

  /// The faces of a picture, the largest first.
  ///
  /// - Parameter img: [1, 3, H, W] in RGB, in [-1, 1].
  /// - Returns: The faces; none where there is none.
  public func faces(in img: Tensor) -> [DetectedFace] {
    precondition(
      img.rank == 4 && img.size(0) == 1 && img.size(1) == 3, "pictures \(img.shape), expected one")
    precondition(0 < scaleFactor && scaleFactor < 1, "every size is \(scaleFactor) times the last")
    return withoutGradients {
      located(refined(proposed(img), in: img), in: img)
        .sorted { ($0.box.area, $0.probability) > ($1.box.area, $1.probability) }
    }
  }
}

/// A window that may show a face, and where its edges would then be.
private struct Window {
  var box: FaceBox
  let probability: Double
  let offsets: [Float]
}

// MARK: - The first network

extension FaceDetector {
  /// The boxes that the first network proposes, the likeliest first.
  private func proposed(_ img: Tensor) -> [FaceBox] {
    let (height, width) = (img.size(2), img.size(3))
    let side = Double(MTCNN.proposalSide)
    var windows: [Window] = []
    var scale = side / max(minFaceSize, side)
    while scale * Double(min(height, width)) >= side {
      let rows = Int((Double(height) * scale).rounded(.up))
      let columns = Int((Double(width) * scale).rounded(.up))
      windows += self.windows(of: img, rows: rows, columns: columns)
      scale *= scaleFactor
    }
    return likeliest(windows, sharingAtMost: 0.7, of: .union).prefix(Self.windowsOfPicture)
      .map { $0.box.moved(by: $0.offsets) }
  }

  /// The windows that may show faces in the picture at one size, in pixels of the picture.
  private func windows(of img: Tensor, rows: Int, columns: Int) -> [Window] {
    let evidence = network.propose(adaptiveAveragePool2d(img, height: rows, width: columns))
    let probabilities = evidence.probability.values()
    let count = probabilities.count
    let places = probabilities.indices.filter { Double(probabilities[$0]) > proposalThreshold }
    guard !places.isEmpty else { return [] }
    let offsets = evidence.offsets.values()  // [4, h, w]
    let inRow = evidence.probability.size(2)
    let x = Double(img.size(3)) / Double(columns)
    let y = Double(img.size(2)) / Double(rows)
    let side = Double(MTCNN.proposalSide)
    let windows = places.map { place in
      let left = Double(place % inRow * MTCNN.proposalStride)
      let top = Double(place / inRow * MTCNN.proposalStride)
      return Window(
        box: FaceBox(
          left: left * x, top: top * y, right: (left + side) * x, bottom: (top + side) * y),
        probability: Double(probabilities[place]),
        offsets: (0..<4).map { offsets[$0 * count + place] })
    }
    return likeliest(
      windows, sharingAtMost: 0.5, of: .union, atMost: Self.windowsOfSize)
  }

  /// The windows without those that share too much with a likelier one, the likeliest first.
  private func likeliest(
    _ windows: [Window], sharingAtMost share: Double, of measure: FaceBox.Measure,
    atMost count: Int = .max
  ) -> [Window] {
    let sorted = Array(likeliestFirst(windows, \.probability).prefix(count))
    return FaceBox.places(of: sorted.map(\.box), sharingAtMost: share, of: measure)
      .map { sorted[$0] }
  }
}

// MARK: - The second and third network

extension FaceDetector {
  /// The boxes that the second network keeps and moves, the likeliest first.
  private func refined(_ boxes: [FaceBox], in img: Tensor) -> [FaceBox] {
    let squares = squares(around: boxes, in: img)
    let found = evidence(of: squares, in: img, side: MTCNN.refinementSide, network.refine)
    let windows = zip(squares, found).filter { $1.probability > refinementThreshold }
      .map { Window(box: $0.box, probability: $1.probability, offsets: $1.offsets) }
    return likeliest(windows, sharingAtMost: 0.7, of: .union).map { $0.box.moved(by: $0.offsets) }
  }

  /// The faces that the third network finds in boxes, the likeliest first.
  private func located(_ boxes: [FaceBox], in img: Tensor) -> [DetectedFace] {
    let squares = squares(around: boxes, in: img)
    let found = evidence(of: squares, in: img, side: MTCNN.outputSide, network.locate)
    let all = zip(squares, found).filter { $1.probability > outputThreshold }
      .map { DetectedFace(square: $0, $1) }.filter { $0.box.width > 0 && $0.box.height > 0 }
    let faces = likeliestFirst(all, \.probability)
    return FaceBox.places(of: faces.map(\.box), sharingAtMost: 0.7, of: .smaller)
      .map { faces[$0] }
  }

  private func squares(around boxes: [FaceBox], in img: Tensor) -> [PixelSquare] {
    boxes.compactMap { PixelSquare($0, height: img.size(2), width: img.size(3)) }
  }

  /// What a network thinks of squares of the picture.
  private func evidence(
    of squares: [PixelSquare], in img: Tensor, side: Int, _ network: (Tensor) -> FaceEvidence
  ) -> [SquareEvidence] {
    stride(from: 0, to: squares.count, by: Self.batchSize).flatMap { start in
      let batch = squares[start..<min(start + Self.batchSize, squares.count)]
      let crops = batch.map { square in
        adaptiveAveragePool2d(square.cropped(from: img), height: side, width: side)
      }
      return SquareEvidence.all(network(.concatenate(crops, axis: 0)))
    }
  }
}

/// The elements by how likely they are; equally likely ones stay in their order.
private func likeliestFirst<Element>(
  _ all: [Element], _ probability: (Element) -> Double
) -> [Element] {
  all.enumerated().sorted {
    (probability($1.element), $0.offset) < (probability($0.element), $1.offset)
  }.map(\.element)
}

/// What a network thinks of one square.
private struct SquareEvidence {
  let probability: Double
  let offsets: [Float]
  let points: [Float]

  static func all(_ evidence: FaceEvidence) -> [SquareEvidence] {
    let probabilities = evidence.probability.values()
    let offsets = evidence.offsets.values()
    let points = evidence.points?.values() ?? []
    return probabilities.indices.map { i in
      SquareEvidence(
        probability: Double(probabilities[i]), offsets: Array(offsets[4 * i..<4 * i + 4]),
        points: points.isEmpty ? [] : Array(points[10 * i..<10 * i + 10]))
    }
  }
}

extension DetectedFace {
  /// What the third network says about a square.
  ///
  /// It measures from the edges of the square: the middle of a pixel is half a pixel from them. So a
  /// mirrored picture has the mirrored points; the published programs leave the half pixel out.
  fileprivate init(square: PixelSquare, _ evidence: SquareEvidence) {
    let side = Double(square.side)
    box = square.box.moved(by: evidence.offsets)
    probability = evidence.probability
    points = (0..<5).map { i in
      Point(
        x: Double(square.left) + Double(evidence.points[i]) * side - 0.5,
        y: Double(square.top) + Double(evidence.points[5 + i]) * side - 0.5)
    }
  }
}

extension PixelSquare {
  /// The square out of a picture, black where it reaches beyond it.
  ///
  /// - Parameter img: [1, C, H, W] in [-1, 1].
  /// - Returns: [1, C, side, side].
  package func cropped(from img: Tensor) -> Tensor {
    let rows = max(top, 0)..<min(top + side, img.size(2))
    let columns = max(left, 0)..<min(left + side, img.size(3))
    let inside = img.sliced(rows, axis: 2).sliced(columns, axis: 3)
    return (inside + 1).padded(
      columns.lowerBound - left, left + side - columns.upperBound, rows.lowerBound - top,
      top + side - rows.upperBound) - 1
  }
}
