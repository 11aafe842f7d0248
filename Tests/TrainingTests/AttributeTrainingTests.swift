// A classifier that learns attributes: that it learns, that it goes on with the same bits, and what it
// refuses.

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

/// Grey pictures of 8×8 whose two labels say which halves are bright.
private struct Halves: Dataset {
  let name = "halves"
  let count = 400
  let shape = ImageShape(resolution: 8, channels: 1)
  var kind = LabelKind.vectors(2)
  var labelKind: LabelKind { kind }
  var fingerprint: DatasetFingerprint { DatasetFingerprint(madeBy: name) }

  func label(at index: Int) -> [Float] {
    [Float(index & 1), Float(index >> 1 & 1)]
  }

  func image(at index: Int) throws(DatasetError) -> ByteImage {
    let pixels = (0..<64).map { place in
      let isBright = label(at: index)[place % 8 < 4 ? 0 : 1] > 0
      return UInt8((place * 37 + index * 101) % 60 + (isBright ? 150 : 20))
    }
    return ByteImage(width: 8, height: 8, channels: 1, pixels: pixels)
  }
}

@Suite("Training of attributes")
struct AttributeTrainingTests {
  private func options(heldOut: Int = 40) -> AttributeOptions {
    let data = TrainingData(
      source: "halves", name: "halves", count: 400, resolution: 8, channels: 1, labelDim: 2,
      mirror: false, subset: nil)
    var settings = AttributeOptions.Settings()
    (settings.batchSize, settings.channelBase, settings.channelMax) = (8, 64, 8)
    return AttributeOptions(
      data: data, attributes: ["left", "right"], heldOut: heldOut, settings: settings, seed: 3,
      threads: 1)
  }

  private func training() throws -> AttributeTraining {
    try AttributeTraining(options(), on: Halves())
  }

  /// Takes steps, and gives all tensors that decide the next one.
  private func step(
    _ training: AttributeTraining, _ count: Int
  ) throws -> OrderedDictionary<String, [UInt8]> {
    var statistics = Statistics()
    for _ in 0..<count { _ = try training.step(imagesSeen: 0, &statistics) }
    var state = TrainingState()
    try training.save(into: &state)
    return try state.tensors.mapValues { bits(try $0.read()) }
  }

  @Test("learns what pictures show, and tells it of pictures that it has not seen")
  func learns() throws {
    let training = try training()
    var statistics = Statistics()
    var first: Double?
    for step in 0..<60 {
      _ = try training.step(imagesSeen: step * 8, &statistics)
      if step == 0 { first = statistics.byName["Loss/attributes/loss"]?.mean }
    }
    let batch = try training.heldOut.batch(0..<40)
    #expect(batch.indices.count == 40 && training.heldOut.label(at: 0) == Halves().label(at: 360))
    let logits = withoutGradients { training.classifier(batch.images).values() }
    let right = zip(logits, batch.labels).count { ($0 > 0) == ($1 > 0) }
    #expect(right >= 76, "\(right) of 80")
    let mean = try #require(statistics.byName["Loss/attributes/loss"]?.mean)
    #expect(mean < (try #require(first)))
  }

  @Test("the loss is the cross-entropy of the logit's probability with the label")
  func loss() {
    let logits = Tensor([-3, -0.5, 0, 2] as [Float])
    for label in [0, 1] as [Float] {
      let found = AttributeTraining.losses(logits, Tensor([Float](repeating: label, count: 4)))
      for (x, value) in zip([-3, -0.5, 0, 2], found.values()) {
        let p = 1 / (1 + exp(-x))
        #expect(abs(Double(value) + log(label > 0 ? p : 1 - p)) < 1e-5)
      }
    }
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
    let found = try step(second, 3)
    #expect(found.keys.contains("C.b4.out.weight") && found.keys.contains("optimizer.step"))
    #expect(found == whole)
    state.tensors["C.b4.out.weight"] = nil
    let before = try step(second, 0)
    #expect(throws: (any Error).self) { try second.restore(from: state) }
    #expect(try step(second, 0) == before)
  }

  @Test("options that do not fit the data are refused")
  func misfits() {
    for heldOut in [0, 400] {
      #expect {
        _ = try AttributeTraining(options(heldOut: heldOut), on: Halves())
      } throws: {
        "\($0)".contains("expected 1 to 399")
      }
    }
    #expect {
      _ = try AttributeTraining(options(), on: Halves(kind: .classes(3)))
    } throws: {
      "\($0)" == "labels: expected 2 numbers, found 3"
    }
  }

  @Test("options are the same again from their text, and of no other kind of training")
  func text() throws {
    let json = try options().canonicalJSON()
    #expect(json.contains(#""training":"attributes""#))
    #expect(try AttributeOptions(canonicalJSON: json).canonicalJSON() == json)
    #expect {
      _ = try GANOptions(canonicalJSON: json)
    } throws: {
      "\($0)".contains("of `stylist train gan`, found one of `stylist train attributes`")
    }
    // Options from before there were several kinds say none.
    let gan = GANOptions(
      cfg: "auto", data: options().data, changes: GANRecipeChanges(), seed: 0, initFrom: nil,
      threads: 1)
    let old = try gan.canonicalJSON().replacing(#","training":"gan""#, with: "")
    #expect(!old.contains("training"))
    #expect(try GANOptions(canonicalJSON: old).cfg == "auto")
    #expect(throws: (any Error).self) { _ = try AttributeOptions(canonicalJSON: old) }
  }

  @Test("the network's file is a classifier that tells the same")
  func file() throws {
    try withScratchFolder { folder in
      let training = try training()
      try training.writeNetwork(to: "\(folder)/c.safetensors", kimg: 2)
      let network = try #require(
        Checkpoint.open("\(folder)/c.safetensors").networks["attributes"])
      let read = try network.makeAttributeClassifier()
      #expect(read.configuration.attributes == ["left", "right"])
      let images = try training.heldOut.batch(0..<3).images
      #expect(read(images).values() == training.classifier(images).values())
    }
  }
}
