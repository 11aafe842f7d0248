// Aligned faces: the rule of FFHQ, sample for sample as NumPy, SciPy 1.16 and Pillow 12 carry it out.

import Datasets
import Formats
import TestSupport
import Testing

@Suite("Aligning faces")
struct FaceAlignmentTests {
  /// A picture in which every pixel tells its place.
  private func picture(width: Int, height: Int) -> ByteImage {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let values = [
          x * 5 + y * 3 + x * y % 7 * 9, x * x / 9 + y * 7, 255 - (x * 2 + y * y / 11) % 256,
        ]
        pixels += values.map { UInt8($0 % 256) }
      }
    }
    return ByteImage(width: width, height: height, channels: 3, pixels: pixels)
  }

  private func face(_ points: (Double, Double)...) -> FaceLandmarks {
    let places = points.map { ImagePoint(x: $0.0, y: $0.1) }
    return FaceLandmarks(
      leftEye: places[0], rightEye: places[1], leftMouth: places[2], rightMouth: places[3])
  }

  /// The largest difference between an aligned picture and one in `Fixtures`.
  private func difference(
    _ rule: FaceAlignment, _ picture: ByteImage, _ face: FaceLandmarks, _ name: String
  ) throws -> Int {
    let expected = try PNG(
      path: "\(repository)/Tests/DatasetsTests/Fixtures/aligned-\(name).png"
    ).image.inRGB
    let found = rule.aligned(picture, face)
    try #require((found.width, found.height) == (expected.width, expected.height))
    return zip(found.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 256
  }

  @Test("a face well inside is cut out and brought to the size")
  func inside() throws {
    let worst = try difference(
      FaceAlignment(size: 24, supersampling: 1), picture(width: 400, height: 300),
      face((190, 120), (215, 122), (192, 146), (213, 148)), "inside")
    #expect(worst <= 1)
  }

  @Test("a face at the corner gets a border that is mirrored, blurred and faded")
  func corner() throws {
    let worst = try difference(
      FaceAlignment(size: 24), picture(width: 160, height: 120),
      face((20, 18), (49, 10), (30, 44), (52, 40)), "corner")
    #expect(worst <= 1)
  }

  @Test("without borders, what lies beyond the picture is black")
  func black() throws {
    let worst = try difference(
      FaceAlignment(size: 40, supersampling: 1, padsBorders: false),
      picture(width: 160, height: 120), face((140, 100), (158, 104), (138, 116), (154, 118)),
      "black")
    #expect(worst <= 1)
  }

  @Test("the part is a square that stands as eyes and mouth do, whatever the picture's place")
  func part() {
    let upright = FaceAlignment().part(of: face((10, 20), (30, 20), (12, 40), (28, 40)))
    // Eyes 20 apart, 20 above the mouth: half a side is the longer of 40 and 36.
    #expect(upright.upperLeft == ImagePoint(x: 20 - 40, y: 22 - 40))
    #expect(upright.lowerRight == ImagePoint(x: 20 + 40, y: 22 + 40))
    let turned = FaceAlignment().part(of: face((20, 30), (20, 10), (40, 28), (40, 12)))
    // The same face lying on its side: its upper left is now the picture's lower left.
    #expect(turned.upperLeft == ImagePoint(x: 22 - 40, y: 20 + 40))
    #expect(turned.upperRight == ImagePoint(x: 22 - 40, y: 20 - 40))
  }

  @Test("dlib's 68 points give the middles of the eyes and the corners of the mouth")
  func dlib() {
    let points = (0..<68).map { ImagePoint(x: Double($0), y: Double($0 % 6)) }
    let face = FaceLandmarks(dlib: points)
    #expect(face.leftEye == ImagePoint(x: 38.5, y: 2.5))
    #expect(face.rightEye == ImagePoint(x: 44.5, y: 2.5))
    #expect(face.leftMouth == points[48] && face.rightMouth == points[54])
  }
}
