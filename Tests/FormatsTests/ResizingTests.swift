// Pictures of another size: sample for sample what Pillow makes of them (9.5, 10.4 and 12.0).

import Formats
import TestSupport
import Testing

@Suite("Resizing")
struct ResizingTests {
  // MARK: Pillow's samples

  @Test("a few samples are Pillow's, one by one")
  func samples() {
    let picture = noise(width: 5, height: 4, channels: 1, seed: 1)
    #expect(
      picture.resized(width: 3, height: 2, filter: .box).pixels == [112, 136, 90, 161, 117, 146])
    #expect(
      picture.resized(width: 3, height: 2, filter: .bilinear).pixels == [
        104, 132, 95, 157, 142, 133,
      ])
    #expect(
      picture.resized(width: 3, height: 2, filter: .lanczos).pixels == [94, 139, 87, 162, 146, 135])
    #expect(
      picture.resized(width: 7, height: 6, filter: .lanczos).pixels == [
        55, 67, 91, 128, 216, 112, 0, 76, 121, 161, 132, 88, 80, 96, 76, 144, 207, 148, 22, 70,
        177, 46, 79, 130, 158, 196, 133, 62, 163, 168, 137, 114, 206, 169, 75, 255, 255, 181, 76,
        134, 169, 143,
      ])
  }

  /// Width, height and channels of a picture, its new width and height, and the hash of what Pillow
  /// makes of it.
  private static let published: [(Int, Int, Int, Int, Int, ResizeFilter, UInt64)] = [
    (64, 48, 1, 16, 16, .box, 0x5738b49cfabb8ff2),
    (64, 48, 1, 16, 16, .lanczos, 0x95f1cd53dcd0036f),
    (16, 16, 1, 64, 64, .box, 0x31effceb9d529a15),
    (16, 16, 1, 64, 64, .lanczos, 0x5c7169c4481c5a3a),
    (37, 53, 1, 32, 32, .box, 0xb6ca1f12895f48c2),
    (37, 53, 1, 32, 32, .lanczos, 0x8b1da59733a93739),
    (100, 7, 1, 8, 8, .box, 0x70e13509ba54558b),
    (100, 7, 1, 8, 8, .lanczos, 0x19a88bcbe54bfda7),
    (33, 32, 1, 32, 32, .box, 0xdf7cdb61253d3589),
    (33, 32, 1, 32, 32, .lanczos, 0x1b9986e9db8eb782),
    (32, 33, 1, 32, 32, .box, 0x494e35fb8cadda78),
    (32, 33, 1, 32, 32, .lanczos, 0xd28d5c53f6ea58fd),
    (1, 1, 1, 4, 4, .box, 0x6fba9d8f00370725),
    (1, 1, 1, 4, 4, .lanczos, 0x6fba9d8f00370725),
    (300, 200, 1, 1, 1, .box, 0xaf63f24c860211ee),
    (300, 200, 1, 1, 1, .lanczos, 0xaf63f24c860211ee),
    (64, 48, 3, 16, 16, .box, 0x8b00457702a00815),
    (64, 48, 3, 16, 16, .lanczos, 0xf19b8bff8ada6b92),
    (16, 16, 3, 64, 64, .box, 0xbe543236d2de5525),
    (16, 16, 3, 64, 64, .lanczos, 0xcc3bc8fc533ed34b),
    (37, 53, 3, 32, 32, .box, 0x611924673efd6f91),
    (37, 53, 3, 32, 32, .lanczos, 0x2e0c7e74707c8e2a),
    (100, 7, 3, 8, 8, .box, 0x6d480d6bca9ecf63),
    (100, 7, 3, 8, 8, .lanczos, 0xf15d3c9708521b0a),
    (33, 32, 3, 32, 32, .box, 0x52e1f46a40db08d2),
    (33, 32, 3, 32, 32, .lanczos, 0x8ecf10606f443984),
    (32, 33, 3, 32, 32, .box, 0x81bf49c9095c63b2),
    (32, 33, 3, 32, 32, .lanczos, 0x9cda21c0f3e708aa),
    (1, 1, 3, 4, 4, .box, 0xf1c03c4894ac67e5),
    (1, 1, 3, 4, 4, .lanczos, 0xf1c03c4894ac67e5),
    (300, 200, 3, 1, 1, .box, 0xa327fb196f0b3cb9),
    (300, 200, 3, 1, 1, .lanczos, 0xa327fb196f0b3cb9),
    (64, 48, 4, 16, 16, .box, 0x6de83ba324c176b5),
    (64, 48, 4, 16, 16, .lanczos, 0xa8b16f52efac5075),
    (16, 16, 4, 64, 64, .box, 0x47fef7a98ea0afa5),
    (16, 16, 4, 64, 64, .lanczos, 0xcc5c5e9043c2b1cc),
    (37, 53, 4, 32, 32, .box, 0xbdb5b90687f6d04b),
    (37, 53, 4, 32, 32, .lanczos, 0x6a0e0c38276a5c20),
    (100, 7, 4, 8, 8, .box, 0x2770a8e85039cf0f),
    (100, 7, 4, 8, 8, .lanczos, 0x8c998ec267e526b7),
    (33, 32, 4, 32, 32, .box, 0xef78e066d0bd26ee),
    (33, 32, 4, 32, 32, .lanczos, 0x45435e3b948150d6),
    (32, 33, 4, 32, 32, .box, 0x9ae178af343f213f),
    (32, 33, 4, 32, 32, .lanczos, 0xe7ca87ab0e00da22),
    (1, 1, 4, 4, 4, .box, 0xb5bbad4be25a9105),
    (1, 1, 4, 4, 4, .lanczos, 0xb5bbad4be25a9105),
    (300, 200, 4, 1, 1, .box, 0x45879b37add8bffc),
    (300, 200, 4, 1, 1, .lanczos, 0x45879b37add8bffc),
    (64, 48, 1, 16, 16, .bilinear, 0x3ebea9ba344f0cc5),
    (16, 16, 1, 64, 64, .bilinear, 0xe3b79945775ef503),
    (37, 53, 1, 32, 32, .bilinear, 0xba865edeaf52bd71),
    (100, 7, 1, 8, 8, .bilinear, 0x5754d7b3953855f8),
    (33, 32, 1, 32, 32, .bilinear, 0x1245343cf9f5d091),
    (1, 1, 1, 4, 4, .bilinear, 0x6fba9d8f00370725),
    (300, 200, 1, 1, 1, .bilinear, 0xaf63f24c860211ee),
    (64, 48, 3, 16, 16, .bilinear, 0x3f5145755b1817aa),
    (16, 16, 3, 64, 64, .bilinear, 0xe3ccb36b89cee74d),
    (37, 53, 3, 32, 32, .bilinear, 0x7cfcb610a691a558),
    (100, 7, 3, 8, 8, .bilinear, 0x8935e189170e0d1a),
    (33, 32, 3, 32, 32, .bilinear, 0xb7dbc11c063df203),
    (1, 1, 3, 4, 4, .bilinear, 0xf1c03c4894ac67e5),
    (300, 200, 3, 1, 1, .bilinear, 0xa327fb196f0b3cb9),
    (64, 48, 4, 16, 16, .bilinear, 0xeb8df4897963bcc1),
    (16, 16, 4, 64, 64, .bilinear, 0x822434c5ad06694a),
    (37, 53, 4, 32, 32, .bilinear, 0xc6e0decdbd97b54d),
    (100, 7, 4, 8, 8, .bilinear, 0xfad588945da7bf23),
    (33, 32, 4, 32, 32, .bilinear, 0x194af95d19a7ac21),
    (1, 1, 4, 4, 4, .bilinear, 0xb5bbad4be25a9105),
    (300, 200, 4, 1, 1, .bilinear, 0x45879b37add8bffc),
  ]

  /// The same by Pillow 11.3.
  private static let reachingFarther: [(Int, Int, Int, Int, Int, ResizeFilter, UInt64)] = [
    (64, 48, 1, 16, 16, .bicubic, 0xeb5cc251da925ac2),
    (16, 16, 1, 64, 64, .bicubic, 0xefb5569655000150),
    (37, 53, 1, 32, 32, .bicubic, 0x1513d58dda83bc5e),
    (100, 7, 1, 8, 8, .bicubic, 0xccd34296d9201bc4),
    (33, 32, 1, 32, 32, .bicubic, 0xb7389b886f887e92),
    (1, 1, 1, 4, 4, .bicubic, 0x6fba9d8f00370725),
    (300, 200, 1, 1, 1, .bicubic, 0xaf63f24c860211ee),
    (64, 48, 3, 16, 16, .bicubic, 0x836c1af2a977f992),
    (16, 16, 3, 64, 64, .bicubic, 0xd5dd08e327bb70e1),
    (37, 53, 3, 32, 32, .bicubic, 0x3817bad58912ef61),
    (100, 7, 3, 8, 8, .bicubic, 0xbc7b79024a05e72e),
    (33, 32, 3, 32, 32, .bicubic, 0xab0e86cf3e398e93),
    (1, 1, 3, 4, 4, .bicubic, 0xf1c03c4894ac67e5),
    (300, 200, 3, 1, 1, .bicubic, 0xa327fb196f0b3cb9),
    (64, 48, 4, 16, 16, .bicubic, 0x57f25bb0bf1a0090),
    (16, 16, 4, 64, 64, .bicubic, 0x3fd195cc86533aa1),
    (37, 53, 4, 32, 32, .bicubic, 0x2ffb6daae0b096a7),
    (100, 7, 4, 8, 8, .bicubic, 0xc5b8e9d99ceb55e8),
    (33, 32, 4, 32, 32, .bicubic, 0xebda0399d6e75c68),
    (1, 1, 4, 4, 4, .bicubic, 0xb5bbad4be25a9105),
    (300, 200, 4, 1, 1, .bicubic, 0x45879b37add8bffc),
    (64, 48, 1, 16, 16, .hamming, 0x1d0dcc38851bd316),
    (16, 16, 1, 64, 64, .hamming, 0x94e7ec1a0e9f1a17),
    (37, 53, 1, 32, 32, .hamming, 0xa74d8566661133d6),
    (100, 7, 1, 8, 8, .hamming, 0x3726b3ef5696c5dd),
    (33, 32, 1, 32, 32, .hamming, 0x095ba9bde75d0d04),
    (1, 1, 1, 4, 4, .hamming, 0x6fba9d8f00370725),
    (300, 200, 1, 1, 1, .hamming, 0xaf63f24c860211ee),
    (64, 48, 3, 16, 16, .hamming, 0x5b06820d5b618ffa),
    (16, 16, 3, 64, 64, .hamming, 0xf66e3403a75faad1),
    (37, 53, 3, 32, 32, .hamming, 0x47396b690e35ddd0),
    (100, 7, 3, 8, 8, .hamming, 0x1e0dbffe77529785),
    (33, 32, 3, 32, 32, .hamming, 0x1261d87054e3f889),
    (1, 1, 3, 4, 4, .hamming, 0xf1c03c4894ac67e5),
    (300, 200, 3, 1, 1, .hamming, 0xa327fb196f0b3cb9),
    (64, 48, 4, 16, 16, .hamming, 0xaf5e15b70db19f4d),
    (16, 16, 4, 64, 64, .hamming, 0xe042cd14da1bb33f),
    (37, 53, 4, 32, 32, .hamming, 0x1133333f57ad9ee5),
    (100, 7, 4, 8, 8, .hamming, 0x11f00ba610f28b56),
    (33, 32, 4, 32, 32, .hamming, 0x31c9f5079eff48cb),
    (1, 1, 4, 4, 4, .hamming, 0xb5bbad4be25a9105),
    (300, 200, 4, 1, 1, .hamming, 0x45879b37add8bffc),
  ]

  /// What Pillow 11.3 makes of pictures with `reduce`, by whole numbers.
  private static let reduced: [(Int, Int, Int, Int, Int, ResizeFilter, UInt64)] = [
    (64, 48, 1, 16, 16, .area, 0x7099653e853572f8),
    (64, 64, 1, 32, 32, .area, 0x0d8aa99660a1f651),
    (36, 54, 1, 12, 9, .area, 0xf60b0e56f32baf86),
    (96, 96, 1, 48, 48, .area, 0xd925048d0509762e),
    (300, 200, 1, 1, 1, .area, 0xaf63f24c860211ee),
    (30, 10, 1, 30, 5, .area, 0x76f9181be48562ff),
    (64, 48, 3, 16, 16, .area, 0x2f9705430dd86a7f),
    (64, 64, 3, 32, 32, .area, 0xe960af86c52ac5d0),
    (36, 54, 3, 12, 9, .area, 0xe71cc1512931fe20),
    (96, 96, 3, 48, 48, .area, 0x01037fc79269fb11),
    (300, 200, 3, 1, 1, .area, 0xa32734196f09ea94),
    (30, 10, 3, 30, 5, .area, 0xd3baadae656bd08f),
    (64, 48, 4, 16, 16, .area, 0xdfe97278a1a7963c),
    (64, 64, 4, 32, 32, .area, 0x785e80072aa11b33),
    (36, 54, 4, 12, 9, .area, 0x144f2edba58ad0be),
    (96, 96, 4, 48, 48, .area, 0x37af443d2621a1ac),
    (300, 200, 4, 1, 1, .area, 0x45879b37add8bffc),
    (30, 10, 4, 30, 5, .area, 0x14d029325aba406c),
  ]

  @Test("pictures of all channels become Pillow's, larger and smaller")
  func published() {
    let all = Self.published + Self.reachingFarther + Self.reduced
    for (width, height, channels, newWidth, newHeight, filter, hash) in all {
      let picture = noise(
        width: width, height: height, channels: channels, seed: UInt32(width * height + channels))
      let resized = picture.resized(width: newWidth, height: newHeight, filter: filter)
      let size = "\(width)x\(height)x\(channels) to \(newWidth)x\(newHeight)"
      #expect(fnv1a(resized.pixels) == hash, "\(size), \(filter)")
    }
  }

  @Test("means of areas are OpenCV's to one grey level, of whole samples and of parts")
  func areas() {
    // Both as OpenCV 5.0's INTER_AREA gives them.
    for (picture, width, height, published) in [
      (
        noise(width: 10, height: 7, channels: 1, seed: 73), 4, 3,
        [187, 119, 150, 123, 120, 147, 112, 91, 122, 131, 128, 112]
      ),
      (noise(width: 6, height: 4, channels: 1, seed: 1), 3, 2, [124, 119, 70, 169, 98, 101]),
    ] as [(ByteImage, Int, Int, [Int])] {
      let resized = picture.resized(width: width, height: height, filter: .area).pixels
      #expect(resized.count == published.count)
      for (own, other) in zip(resized, published) { #expect(abs(Int(own) - other) <= 1) }
    }
  }

  @Test("box and area are Pillow's reduce to one grey level where sizes divide")
  func boxAndArea() {
    let picture = noise(width: 60, height: 48, channels: 3, seed: 8)
    let box = picture.resized(width: 15, height: 12, filter: .box)
    let area = picture.resized(width: 15, height: 12, filter: .area)
    for (one, other) in zip(box.pixels, area.pixels) { #expect(abs(Int(one) - Int(other)) <= 1) }
  }

  // MARK: What holds for every picture

  @Test("a picture that has the size stays as it is, and one of a single value keeps it")
  func constants() {
    let picture = noise(width: 9, height: 6, channels: 3, seed: 5)
    #expect(picture.resized(width: 9, height: 6, filter: .lanczos) == picture)
    let grey = ByteImage(
      width: 9, height: 6, channels: 1, pixels: [UInt8](repeating: 117, count: 54))
    for filter in ResizeFilter.allCases {
      #expect(Set(grey.resized(width: 4, height: 13, filter: filter).pixels) == [117])
    }
  }

  @Test("what cannot be seen has no colour that others take on")
  func alpha() {
    let picture = ByteImage(width: 2, height: 1, channels: 2, pixels: [200, 255, 0, 0])
    let resized = picture.resized(width: 1, height: 1, filter: .box)
    #expect(resized.pixels == [199, 128])
  }

  @Test("a part of a picture, and its mirror image")
  func parts() {
    let picture = ByteImage(width: 3, height: 2, channels: 2, pixels: Array(0..<12))
    #expect(picture.cropped(columns: 1..<3, rows: 1..<2).pixels == [8, 9, 10, 11])
    #expect(picture.mirrored.pixels == [4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7])
    #expect(picture.mirrored.mirrored == picture)
  }
}

@Suite("Four-sided parts of pictures")
struct QuadrilateralTests {
  @Test("a part that reaches beyond the picture is what Pillow's QUAD makes of it")
  func pillow() throws {
    var pixels: [UInt8] = []
    for y in 0..<120 {
      for x in 0..<160 {
        pixels += [
          x * 5 + y * 3 + x * y % 7 * 9, x * x / 9 + y * 7, 255 - (x * 2 + y * y / 11) % 256,
        ]
        .map { UInt8($0 % 256) }
      }
    }
    let picture = ByteImage(width: 160, height: 120, channels: 3, pixels: pixels)
    // Pillow counts from the corner of the first pixel, half a pixel before its centre.
    let corners = [(10.3, 5.2), (8.1, 70.9), (120.4, 90.5), (150.2, -8.0)].map {
      ImagePoint(x: $0.0 - 0.5, y: $0.1 - 0.5)
    }
    let part = Quadrilateral(
      upperLeft: corners[0], lowerLeft: corners[1], lowerRight: corners[2], upperRight: corners[3])
    let expected = try PNG(path: "\(repository)/Tests/FormatsTests/Fixtures/pillow-quad.png").image
    #expect(picture.square(of: part, side: 20).pixels == expected.pixels)
  }
}
