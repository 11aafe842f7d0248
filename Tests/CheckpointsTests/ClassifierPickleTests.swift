// The classifiers of StyleGAN's metrics: pickles of one network, whose names say what it tells.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("Classifiers of StyleGAN's metrics") struct ClassifierPickleTests {
  private let pictures = Tensor.seeded([4, 3, 8, 8], seed: 3, dtype: .float32)
  private let sizes: [(name: String, value: Int?)] = [
    ("resolution", 8), ("fmap_base", 16), ("fmap_max", 4),
  ]

  private func variables(
    _ classifier: StyleGAN1Classifier
  ) -> [(name: String, value: Tensor)] {
    classifier.parameters.names(under: "").map { ($0, classifier.parameters[$0]) }
  }

  /// The logits of the pictures.
  private func judged(by network: Checkpoint.Network) throws -> [UInt8] {
    let classifier = try network.makePictureClassifier()
    return bits(classifier(pictures))
  }

  private func open(
    _ pickle: [UInt8], as name: String = "celebahq-classifier-00-male.pkl"
  ) throws -> Checkpoint {
    try withScratchFolder { folder in
      try put(pickle, at: "\(folder)/\(name)")
      return try Checkpoint.open("\(folder)/\(name)")
    }
  }

  private func configuration(_ pickle: [UInt8]) throws -> StyleGAN1ClassifierConfiguration {
    let network = try #require(try open(pickle).networks["attributes"])
    return try #require(network.configuration as? StyleGAN1ClassifierConfiguration)
  }

  @Test("a classifier is opened, judges, and is written as our own file", arguments: [1, 4])
  func logits(group: Int) throws {
    let original = smallStyleGAN1Classifier(group: group)
    let checkpoint = try open(tensorFlowPickle(of: original))
    #expect(checkpoint.networks.keys == ["attributes"] && checkpoint.form == .tensorFlowPickle)
    let network = try #require(checkpoint.networks["attributes"])
    #expect(network.use == .attributes)
    #expect(network.configuration as? StyleGAN1ClassifierConfiguration == original.configuration)
    let logits = bits(original(pictures))
    #expect(try judged(by: network) == logits)
    #expect(throws: FileError.self) { try network.makeAttributeClassifier() }
    try withScratchFolder { folder in
      let path = "\(folder)/male.safetensors"
      try network.writeNetworkFile(role: "attributes", notes: NetworkFileNotes(), to: path)
      let own = try #require(try Checkpoint.open(path).networks["attributes"])
      #expect(try own.contentHash() == network.contentHash())
      #expect(try judged(by: own) == logits)
    }
  }

  @Test("the file's name says the attribute; without such a name it is a discriminator")
  func names() throws {
    let pickle = tensorFlowPickle(of: smallStyleGAN1Classifier())
    for (file, attribute) in [
      ("celebahq-classifier-00-male.pkl", "Male"),
      ("celebahq-classifier-05-5-o-clock-shadow.pkl", "5_o_Clock_Shadow"),
      ("celebahq-classifier-39-wearing-necktie.pkl", "Wearing_Necktie"),
      ("celebahq-classifier-smiling.pkl", "Smiling"),
      ("celebahq-classifier-40-freckles-many.pkl", "freckles_many"),
    ] {
      let found = try open(pickle, as: file).networks["attributes"]?.configuration
      #expect((found as? StyleGAN1ClassifierConfiguration)?.attribute == attribute, "\(file)")
    }
    #expect(try open(pickle, as: "network.pkl").networks.keys == ["D"])
    expect(.damaged, says: "attribute: expected a name of 1 to 100 letters") {
      _ = try open(pickle, as: "celebahq-classifier-00-.pkl")
    }
  }

  @Test("what arguments do not say of statistics over the batch, the layer's shape says")
  func groups() throws {
    let (alone, together) = (
      smallStyleGAN1Classifier(), smallStyleGAN1Classifier(group: 4)
    )
    let silent = try [alone, together].map { classifier in
      try configuration(tensorFlowPickle(variables(classifier), arguments: sizes))
    }
    #expect(silent.map(\.body.mbstdGroupSize) == [1, 4])
    for (group, expected) in [(0, 1), (1, 1), (2, 2), (nil, 1)] {
      let classifier = expected == 1 ? alone : together
      let found = try configuration(
        tensorFlowPickle(
          variables(classifier), arguments: sizes + [("mbstd_group_size", group)]))
      #expect(found.body.mbstdGroupSize == expected, "\(group as Int?)")
    }
  }

  @Test("the low-pass filter is what arguments say, else what the function that built it has")
  func filters() throws {
    let all = variables(smallStyleGAN1Classifier())
    func taps(_ arguments: [(name: String, value: Int?)], _ function: String) throws -> [Double] {
      try configuration(
        tensorFlowPickle(all, arguments: sizes + arguments, function: function)
      ).body.blurFilter
    }
    #expect(try taps([], "D_basic") == [1, 2, 1])
    #expect(try taps([("blur_filter", nil)], "D_basic") == [1])
    #expect(try taps([], "D_paper") == [1])
  }

  @Test("layers that only growing networks use are left out, once a network is in its full size")
  func growing() throws {
    let original = smallStyleGAN1Classifier()
    func pickle(lod: Tensor) -> [UInt8] {
      let more: [(name: String, value: Tensor)] = [
        ("lod", lod), ("FromRGB_lod1/weight", .ones([1, 1, 3, 4])),
        ("FromRGB_lod1/bias", .zeros([4])),
      ]
      return tensorFlowPickle(more + variables(original), arguments: sizes)
    }
    let read = try #require(try open(pickle(lod: .zeros([]))).networks["attributes"])
    #expect(try judged(by: read) == bits(original(pictures)))
    for lod in [Tensor.full(0.5, []), .full(Double.nan, []), .zeros([2])] {
      expect(.unsupported, says: "lod [0]") { _ = try open(pickle(lod: lod)) }
    }
  }

  @Test("refuses labels, and variables that are unknown, missing or of another shape")
  func refusals() throws {
    let all = variables(smallStyleGAN1Classifier())
    func refuses(
      _ words: String, _ variables: [(name: String, value: Tensor)],
      _ arguments: [(name: String, value: Int?)]
    ) {
      expect(.damaged, says: words) {
        _ = try open(tensorFlowPickle(variables, arguments: arguments)).networks["attributes"]?
          .check()
      }
    }
    refuses("labelDim: expected 0", all, sizes + [("label_size", 3)])
    refuses("1 unexpected: surprise", all + [("surprise", .ones([1]))], sizes)
    refuses("missing: 4x4/Dense1/weight", all.filter { $0.name != "4x4/Dense1/weight" }, sizes)
    refuses("different: 4x4/Conv/weight", all, sizes + [("mbstd_group_size", 4)])
    refuses("resolution", all, [("resolution", 48)])
  }
}
