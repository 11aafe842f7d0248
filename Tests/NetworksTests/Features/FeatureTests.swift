// Networks whose features are compared: lengths, crops, gradients, names and refusals.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// Face recognition of 16×16 pictures, whose faces are in the middle of 24×24.
func smallFaceRecognition() -> FaceRecognitionConfiguration {
  var configuration = FaceRecognitionConfiguration()
  (configuration.resolution, configuration.featureCount) = (16, 5)
  configuration.trunk = smallTrunk()
  configuration.crop = FaceCrop(rows: 3..<22, columns: 2..<20, of: 24)
  return configuration
}

/// A residual network of two stages for 32×32 pictures.
func smallResNet() -> ResNetConfiguration {
  var configuration = ResNetConfiguration()
  (configuration.resolution, configuration.width, configuration.blocks) = (32, 4, [1, 2])
  return configuration
}

func makeFeatures(_ configuration: some FeatureConfiguration, dtype: DType = .float64)
  -> any FeatureNetwork
{
  let network = configuration.makeFeatures(
    Scope(ParameterStore(), dtype: dtype, generator: TorchGenerator(seed: 6)))
  randomizeNorms(of: network.parameters)
  return network
}

/// LPIPS with features that are many times narrower than the published ones.
func smallLPIPS(_ backbone: LPIPSConfiguration.Backbone, dtype: DType = .float64) -> LPIPS {
  var configuration = LPIPSConfiguration(backbone: backbone)
  configuration.widthDivisor = 16
  let lpips = LPIPS(
    configuration, Scope(ParameterStore(), dtype: dtype, generator: TorchGenerator(seed: 7)))
  for (i, name) in lpips.parameters.names(under: "").enumerated() where name.hasPrefix("lin") {
    let head = lpips.parameters[name]
    head.assign(Tensor.seeded(head.shape, seed: UInt64(i)).abs())
  }
  return lpips
}

@Suite("Features") struct FeatureTests {
  private let img = Tensor.seeded([2, 3, 24, 24], seed: 8)

  @Test("features have length 1, and gradients flow through them")
  func lengths() {
    for network in [makeFeatures(smallFaceRecognition()), makeFeatures(smallResNet())] {
      let features = network.features(img)
      expectClose(features.square().sum(over: 1), .ones([2], dtype: .float64), atol: 1e-12)
      expectGradients(at: [img], tolerance: 1e-5) { network.features($0[0]) }
    }
  }

  @Test("a face is cut out and pooled to the network's size")
  func crop() throws {
    let network = try #require(makeFeatures(smallFaceRecognition()) as? FaceRecognition)
    let face = img.sliced(3..<22, axis: 2).sliced(2..<20, axis: 3)
    expectClose(
      network.features(img), network(adaptiveAveragePool2d(face, height: 16, width: 16)), atol: 0)
    let published = FaceCrop.published(Tensor.zeros([1, 3, 256, 256]))
    #expect(published.shape == [1, 3, 188, 188])
  }

  @Test("one picture keeps its axis, and batches do not change what is seen of a picture")
  func batches() {
    for network in [makeFeatures(smallFaceRecognition()), makeFeatures(smallResNet())] {
      let alone = network.features(img.sliced(0..<1, axis: 0))
      #expect(alone.rank == 2)
      expectClose(alone, network.features(img).sliced(0..<1, axis: 0), atol: 1e-12)
    }
  }

  @Test("names of parameters")
  func names() throws {
    try expectNames(makeFeatures(smallFaceRecognition()).parameters, "face-recognition")
    try expectNames(makeFeatures(smallResNet()).parameters, "resnet-features")
    for backbone in LPIPSConfiguration.Backbone.allCases {
      try expectNames(smallLPIPS(backbone).parameters, "lpips-\(backbone.rawValue)")
    }
  }

  @Test("the published sizes")
  func published() {
    func count(_ build: (Scope) -> Void) -> Int {
      let plan = ParameterStore()
      build(Scope(plan, device: .meta))
      return plan.parameterCount
    }
    // ResNet-50 has 25,557,032 parameters, of which 2,049,000 are those of its classes.
    #expect(count { _ = ResNetConfiguration().makeFeatures($0) } == 25_557_032 - 2_049_000)
    // AlexNet's convolutions, and five heads.
    #expect(count { _ = LPIPS(LPIPSConfiguration(), $0) } == 2_469_696 + 1152)
    #expect(count { _ = LPIPS(LPIPSConfiguration(backbone: .vgg16), $0) } == 14_714_688 + 1472)
    let curricular = ParameterStore()
    _ = FaceRecognitionConfiguration.curricularFace.makeFeatures(Scope(curricular, device: .meta))
    #expect(curricular.entries["output_layer.4.weight"] == nil)
    #expect(curricular.entries["output_layer.3.weight"]?.tensor.shape == [512, 25088])
  }

  @Test("nonsense is refused by name, with what was expected and found")
  func nonsense() {
    func message<Configuration: NetworkConfiguration>(
      _ configuration: Configuration, _ change: (inout Configuration) -> Void
    ) -> String? {
      var configuration = configuration
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }?.description
    }
    let faces = FaceRecognitionConfiguration()
    #expect(message(faces) { $0.resolution = 0 } == "resolution: expected from 1 to 4096, found 0")
    #expect(message(faces) { $0.featureCount = 0 }?.hasPrefix("featureCount: ") == true)
    #expect(message(faces) { $0.crop.rows = 3..<3 }?.hasPrefix("crop: ") == true)
    #expect(message(faces) { $0.crop.columns = -1..<3 }?.hasPrefix("crop: ") == true)
    #expect(message(faces) { $0.crop.rows = 3..<257 }?.hasPrefix("crop: ") == true)
    #expect(message(faces) { $0.trunk.inChannels = 6 } == "trunk.inChannels: expected 3, found 6")
    let resNet = ResNetConfiguration()
    #expect(message(resNet) { $0.resolution = 0 }?.hasPrefix("resolution: ") == true)
    #expect(message(resNet) { $0.width = 0 }?.hasPrefix("width: ") == true)
    #expect(message(resNet) { $0.blocks = [] }?.hasPrefix("blocks: ") == true)
    #expect(message(resNet) { $0.blocks = [1, 0] }?.hasPrefix("blocks: ") == true)
    for bad in [0, 3, 128] {
      let found = message(LPIPSConfiguration()) { $0.widthDivisor = bad }
      #expect(found == "widthDivisor: expected a power of two from 1 to 64, found \(bad)")
    }
  }
}

@Suite("LPIPS") struct LPIPSTests {
  private let a = Tensor.seeded([2, 3, 64, 64], seed: 1) * 0.5
  private let b = Tensor.seeded([2, 3, 64, 64], seed: 2) * 0.5

  @Test(
    "the distance is 0 for equal pictures, symmetric, and that of the embeddings",
    arguments: LPIPSConfiguration.Backbone.allCases)
  func distances(backbone: LPIPSConfiguration.Backbone) {
    let lpips = smallLPIPS(backbone)
    expectClose(lpips(a, a), .zeros([2], dtype: .float64), atol: 0)
    let distance = lpips(a, b)
    #expect(distance.shape == [2] && distance.min().item() > 1e-3)
    expectClose(distance, lpips(b, a), atol: 1e-12)
    let difference = lpips.embedding(a) - lpips.embedding(b)
    expectClose(difference.square().sum(over: 1), distance, atol: 1e-10)
  }

  @Test("features have length 1 over the channels, at five sizes")
  func features() {
    let sizes = [
      LPIPSConfiguration.Backbone.alexNet: [15, 7, 3, 3, 3], .vgg16: [64, 32, 16, 8, 4],
    ]
    for (backbone, sides) in sizes {
      let features = smallLPIPS(backbone).features(a)
      #expect(features.map { $0.size(2) } == sides)
      for x in features {
        // A pixel of which no channel is above 0 stays without length.
        let lengths = x.square().sum(over: 1)
        #expect(lengths.max().item() < 1 + 1e-12)
        #expect(lengths.mean().item() > 0.5)
      }
    }
  }

  @Test("gradients are what differences say")
  func gradients() {
    let lpips = smallLPIPS(.alexNet)
    expectGradients(at: [a, b], tolerance: 1e-5) { lpips($0[0], $0[1]) }
  }

  @Test("gradients of black pictures are numbers")
  func blackPictures() {
    let black = Tensor.full(-1, [1, 3, 64, 64], dtype: .float64).requiringGrad()
    let loss = smallLPIPS(.alexNet)(black, a.sliced(0..<1, axis: 0)).sum()
    #expect(Tensors.gradients(of: [loss], withRespectTo: [black])[0].isFinite().all)
  }
}

@Suite("Structural similarity") struct StructuralSimilarityTests {
  @Test("1 for equal pictures, less for others, the same both ways")
  func properties() {
    let (a, b) = (Tensor.seeded([2, 3, 16, 20], seed: 1), Tensor.seeded([2, 3, 16, 20], seed: 2))
    expectClose(structuralSimilarity(a, a), .ones([2], dtype: .float64), atol: 1e-12)
    let similarity = structuralSimilarity(a, b)
    #expect(similarity.shape == [2] && similarity.max().item() < 0.5)
    expectClose(similarity, structuralSimilarity(b, a), atol: 1e-12)
    expectClose(
      structuralSimilarity(a * 127.5, b * 127.5, range: 255), similarity, atol: 1e-9)
  }

  @Test("constant pictures are compared by their means alone")
  func constants() {
    let (a, b) = (0.5, -0.25)
    let c = 0.02 * 0.02
    let expected = (2 * a * b + c) / (a * a + b * b + c)
    let found = structuralSimilarity(
      .full(a, [1, 1, 11, 11], dtype: .float64), .full(b, [1, 1, 11, 11], dtype: .float64))
    #expect(abs(found.item() - expected) < 1e-10)
  }
}
