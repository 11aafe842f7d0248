// A network that learns to know people again: that it learns, that it goes on with the same bits, whom
// it holds out, and its loss.

import Checkpoints
import Datasets
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

/// Grey pictures of 8×8: a person is which of four quarters are bright, and how the stripes run;
/// pictures of one differ by noise and brightness.
private struct Patterns: Dataset {
  let name = "patterns"
  let count = 600
  let shape = ImageShape(resolution: 8, channels: 1)
  var kind = LabelKind.classes(30)
  var labelKind: LabelKind { kind }
  var fingerprint: DatasetFingerprint { DatasetFingerprint(madeBy: name) }

  func label(at index: Int) -> [Float] {
    (0..<labelKind.dimension).map { $0 == index % 30 ? 1 : 0 }
  }

  func image(at index: Int) throws(DatasetError) -> ByteImage {
    let person = index % 30 + 1
    let pixels = (0..<64).map { place in
      let (row, column) = (place / 8, place % 8)
      let quarter = row / 4 * 2 + column / 4
      let stripe = person >> 4 & 1 == 1 ? row % 2 : column % 2
      let bright = (person >> quarter & 1) * 120 + stripe * 40
      return UInt8(bright + (place * 37 + index * 101) % 50 + index % 40)
    }
    return ByteImage(width: 8, height: 8, channels: 1, pixels: pixels)
  }
}

@Suite("Training of identity")
struct IdentityTrainingTests {
  private func options(heldOut: Int = 6) -> IdentityOptions {
    let data = TrainingData(
      source: "patterns", name: "patterns", count: 600, resolution: 8, channels: 1, labelDim: 0,
      mirror: false, subset: nil)
    var settings = IdentityOptions.Settings()
    (settings.batchSize, settings.channelBase, settings.channelMax) = (12, 128, 16)
    settings.embeddingSize = 16
    return IdentityOptions(
      data: data, people: 30, heldOut: heldOut, settings: settings, seed: 3, threads: 1)
  }

  private func training() throws -> IdentityTraining {
    try IdentityTraining(options(), on: Patterns())
  }

  /// Takes steps, and gives all tensors that decide the next one.
  private func step(
    _ training: IdentityTraining, _ count: Int, imagesSeen: Int = 0
  ) throws -> OrderedDictionary<String, [UInt8]> {
    var statistics = Statistics()
    for step in 0..<count {
      _ = try training.step(imagesSeen: imagesSeen + step * 12, &statistics)
    }
    var state = TrainingState()
    try training.save(into: &state)
    return try state.tensors.mapValues { bits(try $0.read()) }
  }

  /// How much larger the mean cosine of pictures of one person held out is than that of two.
  private func separation(_ network: IdentityNetwork, _ people: [[Int]]) throws -> Double {
    let embeddings = try people.map { pictures in
      try pictures.prefix(4).map { index in
        let images = try Patterns().batch(index..<index + 1).imagesInRGB
        return withoutGradients { network.features(images).values().map(Double.init) }
      }
    }
    func mean(_ pairs: [([Double], [Double])]) -> Double {
      pairs.reduce(0) { $0 + zip($1.0, $1.1).reduce(0) { $0 + $1.0 * $1.1 } } / Double(pairs.count)
    }
    let same = embeddings.flatMap { own in own.dropFirst().map { (own[0], $0) } }
    let different = embeddings.indices.flatMap { a in
      embeddings.indices.filter { $0 != a }.map { (embeddings[a][0], embeddings[$0][1]) }
    }
    return mean(same) - mean(different)
  }

  @Test("learns to tell people apart, and those stay apart whom it has never seen")
  func learns() throws {
    let training = try training()
    var losses: [Double] = []
    for step in 0..<150 {
      var statistics = Statistics()
      _ = try training.step(imagesSeen: step * 12, &statistics)
      losses.append(try #require(statistics.byName["Loss/identity/loss"]?.mean))
    }
    func mean(_ losses: ArraySlice<Double>) -> Double {
      losses.reduce(0, +) / Double(losses.count)
    }
    #expect(mean(losses[100...]) < mean(losses[..<20]), "\(losses)")
    // All embeddings in one direction would be 0.
    let separation = try separation(training.network, training.heldOut)
    #expect(separation > 0.3, "\(separation)")
  }

  @Test("holds out all pictures of the last people, and learns from all others")
  func split() throws {
    let split = try PeopleSplit(Patterns(), heldOut: 6)
    #expect(split.heldOut.map(\.count) == [Int](repeating: 20, count: 6))
    #expect(Set(split.heldOut[0].map { $0 % 30 }) == [24])
    #expect(Set(split.heldOut.joined().map { $0 % 30 }) == Set(24..<30))
    #expect(Set(split.learned).union(split.heldOut.joined()) == Set(0..<600))
    #expect(split.learned.count == 480)
    #expect(try PeopleSplit.count(of: Patterns()) == 30)
    let portraits = PortraitsDataset(count: 40, resolution: 8, picturesPerIdentity: 5)
    #expect(try PeopleSplit(portraits, heldOut: 4).heldOut[3] == [35, 36, 37, 38, 39])
    for count in [3, 29] {
      #expect { _ = try PeopleSplit(Patterns(), heldOut: count) } throws: {
        "\($0)".contains("found \(count) of 30")
      }
    }
    #expect { _ = try PeopleSplit(Patterns(kind: .vectors(2)), heldOut: 6) } throws: {
      "\($0)".contains("each with a class")
    }
  }

  @Test("the loss is the cross-entropy of cosines of which the own one's angle is widened")
  func loss() throws {
    let random = TorchGenerator(seed: 4)
    let loss = AngularMarginLoss(
      Scope(ParameterStore(), generator: random), people: 3, embeddingSize: 4, margin: 0.4,
      scale: 7)
    let x = Tensor.randn([2, 4], generator: random)
    let embeddings = x / x.square().sum(over: 1, keepAxes: true).sqrt()
    let cosines = loss.cosines(embeddings)
    let weight = loss.parameters["weight"].values().map(Double.init)
    let numbers = embeddings.values().map(Double.init)
    for n in 0..<2 {
      let own = 2 - n
      var angles = (0..<3).map { person in
        let w = weight[person * 4..<person * 4 + 4], e = numbers[n * 4..<n * 4 + 4]
        let length = w.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return acos(zip(w, e).reduce(0) { $0 + $1.0 * $1.1 } / length)
      }
      let found = loss(cosines.sliced(n..<n + 1, axis: 0), people: [own]).item()
      #expect(angles[own] + 0.4 < .pi)
      angles[own] += 0.4
      let logits = angles.map { 7 * cos($0) }
      let expected = log(logits.reduce(0) { $0 + exp($1) }) - logits[own]
      #expect(abs(found - expected) < 1e-4, "\(found), expected \(expected)")
    }
  }

  @Test("the loss falls as the own cosine rises, on both sides of the angle where the rule changes")
  func monotony() {
    let loss = AngularMarginLoss(
      Scope(ParameterStore(), generator: TorchGenerator(seed: 4)), people: 2, embeddingSize: 2,
      margin: 0.5, scale: 4)
    let values = stride(from: Float(-1), through: 1, by: 0.01).map { own in
      loss(Tensor([own, 0], shape: [1, 2]), people: [0]).item()
    }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 > $1 })
    #expect(values.allSatisfy { $0.isFinite })
  }

  @Test("the slope of the loss is that of its values, also where a picture is its person's vector")
  func slopes() throws {
    let loss = AngularMarginLoss(
      Scope(ParameterStore(), generator: TorchGenerator(seed: 4)), people: 3, embeddingSize: 2,
      margin: 0.3, scale: 5)
    for own in [-0.97, -0.2, 0.6] {
      let x = Tensor([own, 0.1, -0.4], shape: [1, 3]).requiringGrad()
      let slope = gradients(of: [loss(x, people: [0]).sum()], withRespectTo: [x])[0].values(
        as: Double.self)
      for place in 0..<3 {
        func value(_ change: Double) -> Double {
          var numbers = [own, 0.1, -0.4]
          numbers[place] += change
          return loss(Tensor(numbers, shape: [1, 3]), people: [0]).item()
        }
        let expected = (value(1e-5) - value(-1e-5)) / 2e-5
        #expect(abs(slope[place] - expected) < 1e-5, "\(own): \(slope[place]), \(expected)")
      }
    }
    let same = Tensor([1, 0.1, -0.4] as [Float], shape: [1, 3]).requiringGrad()
    let slope = gradients(of: [loss(same, people: [0]).sum()], withRespectTo: [same])[0]
    #expect(slope.isFinite().all)
  }

  @Test("a restored training goes on with the same bits, another's state is refused")
  func resuming() throws {
    let whole = try step(training(), 5)
    let first = try training()
    _ = try step(first, 2)
    var state = TrainingState()
    try first.save(into: &state)
    state.tensors = try state.tensors.mapValues { StoredParameter(try $0.read().cloned()) }
    let second = try training()
    _ = try step(second, 1)
    try second.restore(from: state)
    let found = try step(second, 3, imagesSeen: 24)
    for name in ["I.b4.out.weight", "average.b4.out.weight", "people.weight", "optimizer.step"] {
      #expect(found.keys.contains(name), "\(name)")
    }
    #expect(found == whole)
    #expect(found["I.b4.out.weight"] != found["average.b4.out.weight"])
    state.tensors["people.weight"] = nil
    let before = try step(second, 0)
    #expect(throws: (any Error).self) { try second.restore(from: state) }
    #expect(try step(second, 0) == before)
  }

  @Test("mirrored pictures show the same people")
  func mirrored() throws {
    var options = options()
    options.data.mirror = true
    let training = try IdentityTraining(options, on: Patterns())
    var statistics = Statistics()
    // 960 pictures, those from 480 on mirrored: whoever they show, the place in the head is there.
    for _ in 0..<80 { #expect(try training.step(imagesSeen: 0, &statistics) == 12) }
    #expect(training.heldOut.joined().allSatisfy { $0 < 600 })
  }

  @Test("options are the same again from their text; data from before there were people is read")
  func text() throws {
    var options = options()
    options.data.picturesPerIdentity = 20
    let json = try options.canonicalJSON()
    #expect(
      json.contains(#""training":"identity""#) && json.contains(#""pictures_per_identity":20"#))
    let read = try IdentityOptions(canonicalJSON: json)
    #expect(try read.canonicalJSON() == json && read.data.picturesPerIdentity == 20)
    let old = json.replacing(#""pictures_per_identity":20,"#, with: "")
    #expect(old != json)
    #expect(try IdentityOptions(canonicalJSON: old).data.picturesPerIdentity == nil)
    #expect {
      _ = try AttributeOptions(canonicalJSON: json)
    } throws: {
      "\($0)".contains("of `stylist train attributes`, found one of `stylist train identity`")
    }
  }

  @Test("the network's file is the average, and gives the same embeddings")
  func file() throws {
    try withScratchFolder { folder in
      let training = try training()
      _ = try step(training, 2)
      try training.writeNetwork(to: "\(folder)/i.safetensors", kimg: 2)
      let network = try #require(Checkpoint.open("\(folder)/i.safetensors").networks["features"])
      let read = try network.makeFeatures()
      let images = try Patterns().batch(0..<3).imagesInRGB
      #expect(read.features(images).values() == training.network.features(images).values())
      #expect(network.tensors["weight"] == nil)
    }
  }
}
