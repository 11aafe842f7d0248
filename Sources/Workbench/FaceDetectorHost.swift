// The actor that owns a detector of faces: pictures and points cross its border as plain values.

import Checkpoints
public import Datasets
public import Formats
import Networks
import OrderedCollections
import Tensors

/// Finds faces with MTCNN's three networks, whose weights are files.
///
/// Pictures of more than four megapixels are searched in a copy of that size, so that memory does
/// not grow with the picture: of one with 24 megapixels, faces from 49 pixels on are found instead
/// of 20. Faces of which an eye or a corner of the mouth lies outside the picture are left out, for
/// they cannot be aligned. Points are rounded to a hundredth of a pixel.
public actor FaceDetectorHost: FaceFinder {
  /// The most pixels that are searched.
  private static let pixelLimit = 1 << 22
  private let detector: FaceDetector

  /// Loads the networks.
  ///
  /// - Parameters:
  ///   - path: The folder with `pnet`, `rnet` and `onet`, each `.pt` or `.npy`, or one of our own
  ///     network files.
  ///   - minFaceSize: The width and height of the smallest faces, in pixels, at least 12.
  /// - Throws: `FileError` if a file is missing, cannot be read or holds something else;
  ///   `RequestError` for smaller faces.
  public init(_ path: String, minFaceSize: Int = 20) throws {
    guard (MTCNN.proposalSide...4096).contains(minFaceSize) else {
      throw RequestError(
        "--min-face", expected: "\(MTCNN.proposalSide) to 4096", found: "\(minFaceSize)")
    }
    let network = try Self.network(path)
    let names = try network.nonFiniteNames()
    guard names.isEmpty else {
      throw FileError(
        .damaged, file: path, expected: "finite numbers", found: "others in \(shortened(names))")
    }
    var detector = FaceDetector(try network.makeMTCNN())
    detector.minFaceSize = Double(minFaceSize)
    self.detector = detector
  }

  private static func network(_ path: String) throws -> Checkpoint.Network {
    guard !ListedFile.isFolder(path) else { return try .mtcnn(folder: path) }
    let expected = "a folder with pnet, rnet and onet, or a .safetensors file of a detector"
    let bytes = try ByteRegion(mapping: path)
    guard FileForm(of: bytes) == .safetensors else {
      throw FileError(
        .notRecognised, file: path, expected: expected, found: FileForm.words(for: bytes))
    }
    return try .named(path, for: .detector, expecting: expected)
  }

  /// The faces of a picture, the largest first.
  ///
  /// - Parameter picture: The picture, upright, in RGB.
  /// - Returns: Their points.
  public func faces(in picture: ByteImage) -> [FaceLandmarks] {
    let pixels = Double(picture.width) * Double(picture.height)
    let shrink = max(1, (pixels / Double(Self.pixelLimit)).squareRoot())
    let copy = picture.resized(
      width: max(1, Int(Double(picture.width) / shrink)),
      height: max(1, Int(Double(picture.height) / shrink)), filter: .box)
    let (x, y) = (
      Double(picture.width) / Double(copy.width), Double(picture.height) / Double(copy.height)
    )
    return detector.faces(in: copy.tensor).map { face in
      let points = face.points.map { point in
        ImagePoint(
          x: hundredths((point.x + 0.5) * x - 0.5), y: hundredths((point.y + 0.5) * y - 0.5))
      }
      return FaceLandmarks(
        leftEye: points[0], rightEye: points[1], leftMouth: points[3], rightMouth: points[4])
    }.filter { face in
      face.points.allSatisfy {
        (0..<Double(picture.width)).contains($0.x) && (0..<Double(picture.height)).contains($0.y)
      }
    }
  }
}

private func hundredths(_ number: Double) -> Double { (number * 100).rounded() / 100 }
