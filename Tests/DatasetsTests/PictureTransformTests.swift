// Crops and sizes: what the published tool makes of pictures, sample for sample.

import Datasets
import Formats
import TestSupport
import Testing

@Suite("Transforms")
struct PictureTransformTests {
  private func picture(_ width: Int, _ height: Int) -> ByteImage {
    noise(width: width, height: height, channels: 3, seed: UInt32(width * height + 3))
  }

  /// Expects a picture to become one of a hash, or to be left out.
  private func expect(
    _ transform: PictureTransform, of image: ByteImage, toGive hash: UInt64?,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let result = transform(image)
    #expect(result.map { fnv1a($0.pixels) } == hash, sourceLocation: sourceLocation)
    let size = PictureSize(width: image.width, height: image.height, channels: image.channels)
    let announced = transform.size(of: size)
    #expect(
      announced
        == result.map {
          PictureSize(width: $0.width, height: $0.height, channels: $0.channels)
        }, sourceLocation: sourceLocation)
  }

  /// Width, height, and the hash of what the published arithmetic with Pillow 12.0 gives.
  private static let centered: [(Int, Int, UInt64)] = [
    (40, 31, 0xbac7629494ab47fb),
    (31, 40, 0xfa312b0e8a6671bc),
    (33, 33, 0x9f5dfdb88a75e8c9),
  ]

  @Test("center-crop takes the square in the middle")
  func center() {
    let transform = PictureTransform(crop: .center, size: .init(width: 16, height: 16))
    for (width, height, hash) in Self.centered {
      expect(transform, of: picture(width, height), toGive: hash)
    }
  }

  /// Width, height, the new width and height, and the hash, as above.
  private static let wide: [(Int, Int, Int, Int, UInt64?)] = [
    (40, 30, 32, 24, 0x74e3149079769a2a),
    (41, 31, 32, 20, 0x08c421f22d59cdc9),
    (32, 24, 32, 24, 0x5e51858163349e22),
    (50, 20, 16, 6, 0x53a94c96cefd1709),
    (31, 40, 32, 24, nil),
    (64, 32, 32, 24, nil),
    (37, 25, 16, 10, 0x8b1c5763575f941c),
  ]

  @Test("center-crop-wide makes a square with black rows, and leaves small pictures out")
  func centerWide() {
    for (width, height, newWidth, newHeight, hash) in Self.wide {
      let transform = PictureTransform(
        crop: .centerWide, size: .init(width: newWidth, height: newHeight), filter: .box)
      expect(transform, of: picture(width, height), toGive: hash)
    }
    let transform = PictureTransform(crop: .centerWide, size: .init(width: 8, height: 4))
    let pixels = transform(picture(16, 9))?.pixels ?? []
    #expect(pixels.count == 192)
    #expect(pixels.prefix(48).allSatisfy { $0 == 0 } && pixels.suffix(48).allSatisfy { $0 == 0 })
    #expect(!pixels.dropFirst(48).prefix(96).allSatisfy { $0 == 0 })
  }

  /// Width, height, the new side, and the hash of what Pillow 11.3's `ImageOps.pad` gives.
  private static let padded: [(Int, Int, Int, UInt64)] = [
    (40, 30, 16, 0x5366ea3c21f358d0),
    (30, 40, 16, 0x921583f9b0124073),
    (41, 17, 16, 0xdc3ab745d55350d3),
    (17, 41, 32, 0xdaebbbea2145046f),
    (33, 33, 8, 0xd4121563c4ed37c9),
    (5, 100, 16, 0x3f31ddc490d85be3),
    (19, 16, 16, 0x49be2fa7e19a01c0),
  ]

  @Test("pad keeps all of a picture, with black to make a square")
  func pad() {
    for (width, height, side, hash) in Self.padded {
      let transform = PictureTransform(crop: .pad, size: .init(width: side, height: side))
      expect(transform, of: picture(width, height), toGive: hash)
    }
    // Even of a line at least a row is left.
    let line = PictureTransform(crop: .pad, size: .init(width: 16, height: 16))(picture(200, 1))
    #expect(line?.pixels.contains { $0 != 0 } == true)
  }

  @Test("celeba-crop takes the face of CelebA's aligned pictures, and no others")
  func celebA() {
    let image = picture(178, 218)
    // By Pillow 11.3, of the rectangle (25, 57, 153, 185).
    expect(PictureTransform(crop: .celebA), of: image, toGive: 0x4c14_23ea_10c9_2d17)
    let small = PictureTransform.Size(width: 64, height: 64)
    expect(
      PictureTransform(crop: .celebA, size: small), of: image, toGive: 0x48fd_718a_6d7c_c6f2)
    expect(
      PictureTransform(crop: .celebA, size: small, filter: .box), of: image,
      toGive: 0x5632_077f_572c_c078)
    let transform = PictureTransform(crop: .celebA)
    expect(transform, of: picture(178, 217), toGive: nil)
    let other = PictureSize(width: 178, height: 217, channels: 3)
    #expect(transform.objection(to: other) == "178×218, as CelebA's aligned pictures are")
    #expect(PictureTransform().objection(to: other) == nil)
  }

  @Test("without a crop a picture is stretched, or stays as it is")
  func stretched() {
    let image = picture(20, 10)
    let transform = PictureTransform(size: .init(width: 8, height: 8))
    #expect(transform(image) == image.resized(width: 8, height: 8, filter: .lanczos))
    #expect(PictureTransform()(image) == image)
  }
}
