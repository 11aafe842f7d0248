// Resizing and features by protocol, against the programs that they agree with.

import Layers
import Metrics
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Protocols of metrics") struct MetricProtocolTests {
  /// A picture, and what other programs make of it at 5×5.
  private struct Example {
    let shape: [Int]
    let pixels: [Float]
    let expected: [PictureResizing: [Float]]
  }

  /// Computed by torch-fidelity 0.4.0, by torch 2.13's `interpolate`, and by Pillow 13.
  private static let examples = [
    Example(
      shape: [1, 1, 3, 4],
      pixels: [
        0, 29, 58, 87, 17, 75, 133, 191, 68, 155, 242, 73,
      ],
      expected: [
        .tensorFlow: [
          0, 23.2, 46.4, 69.6, 87, 10.2, 47.32, 84.44, 121.56, 149.4, 27.2, 78.24, 129.28, 159.84,
          167.4, 57.8, 122.76, 187.72, 170.76, 96.6, 68, 137.6, 207.2, 174.4, 73,
        ],
        .pytorch: [
          0, 20.3, 43.5, 66.7, 87, 6.8, 35.22, 67.7, 100.18, 128.6, 17, 57.6, 104, 150.4, 191,
          47.6, 100.38, 160.7, 174.94, 120.2, 68, 128.9, 198.5, 191.3, 73,
        ],
        .clean: [
          0, 16.093, 38.934, 61.7749, 80.3111, 2.0404, 28.2241, 59.7724, 95.9706, 130.896, 14.4904,
          54.5889, 104, 153.411, 193.51, 47.4926, 101.506, 178.452, 187.973, 115.234, 67.9899,
          129.651, 222.84, 204.342, 56.0405,
        ],
      ]),
    Example(
      shape: [1, 1, 8, 7],
      pixels: [
        0, 91, 108, 51, 176, 227, 204, 37, 141, 171, 127, 9, 73, 63, 74, 191, 234, 203, 98, 175,
        178, 111, 241, 41, 23, 187, 21, 37, 148, 35, 104, 99, 20, 123, 152, 185, 85, 167, 175, 109,
        225, 11, 222, 135, 230, 251, 198, 71, 126, 3, 185, 37, 71, 31, 173, 241,
      ],
      expected: [
        .tensorFlow: [
          0, 97.8, 62.4, 186.2, 213.2, 59.2, 186.12, 179.84, 76.76, 132.88, 118.4, 141.32, 41.28,
          131.16, 52.56, 177.6, 106.76, 158.72, 113.88, 105.36, 134.4, 154.12, 173.76, 127.32,
          147.92,
        ],
        .pytorch: [
          30.08, 118.54, 73.8, 147.86, 165.52, 93.44, 211.02, 195.4, 119.38, 166.16, 131.2, 98.7,
          61, 90.9, 90, 168.96, 139.98, 182.6, 154.58, 59.92, 88.9599, 124.94, 125, 105.62, 193.68,
        ],
        .clean: [
          38.2797, 126.774, 90.7887, 131.863, 156.447, 106.826, 199.896, 150.855, 98.9948, 119.52,
          135.656, 98.9284, 64.5027, 92.7358, 88.4237, 158.655, 135.85, 183.915, 144.009, 96.1699,
          116.042, 141.889, 131.079, 110.655, 179.449,
        ],
      ]),
  ]

  @Test(
    "pictures are resized as TensorFlow, PyTorch and Pillow do", arguments: PictureResizing.allCases
  )
  func resizing(_ resizing: PictureResizing) throws {
    for example in Self.examples {
      let found = resizing(Tensor(example.pixels, shape: example.shape), to: 5)
      let expected = try #require(example.expected[resizing])
      expectClose(found, Tensor(expected, shape: [1, 1, 5, 5]), atol: 1e-3)
    }
    let exact = Tensor(Self.examples[0].pixels.prefix(9).map { $0 }, shape: [1, 1, 3, 3])
    #expect(bits(resizing(exact, to: 3)) == bits(exact))
  }

  @Test("bytes become numbers, and the clean way stays within 0 and 255")
  func range() {
    let edge = Tensor([0, 0, 255, 255, 0, 0, 255, 255] as [UInt8], shape: [1, 1, 2, 4])
    for resizing in PictureResizing.allCases {
      let found = resizing(edge, to: 9)
      #expect(found.dtype == .float32)
      // Weights of two pixels sum up to 1 but for rounding.
      #expect(found.min().item() >= 0 && found.min().item() < 1e-4)
      #expect(found.max().item() <= 255.0001 && found.max().item() > 254.9999)
    }
  }

  @Test("Inception sees pictures around the protocol's own grey, grey ones in three channels")
  func inception() {
    var configuration = InceptionConfiguration()
    configuration.widthDivisor = 16
    let network = InceptionV3(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    let grey = Tensor.seeded([1, 1, 75, 75], dtype: .float32) * 20 + 100
    for (rule, centre) in [
      (MetricProtocol.legacy, 128.0), (.clean, 128), (.pytorchFID, 127.5), (.torchFidelity, 128),
    ] {
      let found = rule.features(grey, of: network, side: 75)
      let seen = (grey / centre - 1).repeated(1, 3, 1, 1)
      expectClose(found, network.features(seen), atol: 1e-5)
    }
  }

  @Test("VGG sees them from -1 to 1 at its own size")
  func vgg() {
    var configuration = VGG16Configuration()
    configuration.widthDivisor = 64
    let network = VGG16(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    let picture = Tensor.seeded([1, 3, 224, 224], dtype: .float32) * 20 + 100
    let found = MetricProtocol.legacy.features(picture, of: network)
    expectClose(found, network.features(picture / 127.5 - 1), atol: 1e-6)
    #expect(MetricProtocol.legacy.features(.zeros([2, 3, 40, 60]), of: network).shape == [2, 64])
  }

  @Test("networks see pictures with opacity without it, and grey ones in three channels")
  func channels() {
    var configuration = AttributeClassifierConfiguration(resolution: 8, attributes: ["a"])
    (configuration.channelBase, configuration.channelMax) = (32, 4)
    let classifier = AttributeClassifier(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    let pictures = Tensor.seeded([2, 4, 8, 8], seed: 2, dtype: .float32)
    func features(_ channels: Range<Int>) -> [Float] {
      MetricProtocol.legacy.features(pictures.sliced(channels, axis: 1), of: classifier).values()
    }
    let grey = pictures.sliced(0..<1, axis: 1).repeated(1, 3, 1, 1)
    #expect(features(0..<4) == features(0..<3))
    #expect(features(0..<1) == MetricProtocol.legacy.features(grey, of: classifier).values())
    #expect(features(0..<2) == features(0..<1) && features(0..<3) != features(0..<1))
  }
}
