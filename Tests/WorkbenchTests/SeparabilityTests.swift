// Linear separability of generators: as it is defined, whatever was interrupted, and what is refused.

import Checkpoints
import Formats
import Foundation
import Layers
import Metrics
import Networks
import OrderedCollections
import Synchronization
import TestSupport
import Tensors
import Testing
import Workbench

@Suite("Separability of generators") struct SeparabilityTests {
  /// A job for classifiers at a path, with as many pictures.
  private func measuring(_ attributes: String, samples: Int) throws -> MetricsGeneratorJob {
    MetricsGeneratorJob(
      try MetricsGeneratorJob.recipes("ls", samples: samples), data: nil,
      networks: FeatureNetworkFiles(attributes: attributes))
  }

  /// The pictures of seeds as the generator gives them, averaged down to 8×8.
  private func reducedPictures(
    of g: any Generator, _ seeds: Range<UInt32>, noise: NoiseKind
  ) -> Tensor {
    // Eight together, as the metric draws them, for the same last bits.
    let parts = stride(from: seeds.lowerBound, to: seeds.upperBound, by: 8).map { first in
      let some = first..<min(first + 8, seeds.upperBound)
      let z = Tensor.concatenate(some.map { g.z(seed: $0) }, axis: 0)
      let source: NoiseSource =
        noise == .random
        ? .random(each: some.map { TorchGenerator(seed: UInt64($0)) }) : .const
      return g.synthesize(
        g.broadcast(g.map(z: z, labels: nil)), options: SynthesisOptions(noise: source))
    }
    let all = Tensor.concatenate(parts, axis: 0)
    let (n, half) = (all.size(0), all.size(2) / 2)
    return all.reshaped(n, 3, half, 2, half, 2).mean(over: 3, 5)
  }

  /// Moves a classifier's last bias so that half of some pictures have each attribute.
  private func balance(_ classifier: AttributeClassifier, on pictures: Tensor) {
    let logits = classifier(pictures)
    let middles = (0..<logits.size(1)).map { k in
      logits.selected(k, axis: 1).values().sorted()[logits.size(0) / 2]
    }
    classifier.parameters["b4.out.bias"].assign(
      classifier.parameters["b4.out.bias"] - Tensor(middles))
  }

  @Test("is that of its definition", arguments: [NoiseKind.const, .random])
  func definition(_ noise: NoiseKind) async throws {
    let g = try generator(plainNetwork)
    let classifier = smallAttributeClassifier(["a", "b", "c"])
    let pictures = withoutGradients { reducedPictures(of: g, 7..<127, noise: noise) }
    let logits = withoutGradients { () -> Tensor in
      balance(classifier, on: pictures)
      return classifier(pictures)
    }
    let z = Tensor.concatenate((7..<127).map { g.z(seed: $0) }, axis: 0)
    let w = withoutGradients { g.map(z: z, labels: nil) }
    let expected = [z, w].map { latents in
      LinearSeparability(latents: latents, logits: logits, keep: 60) { _ in }
    }
    try await withScratchFolder { folder in
      let file = "\(folder)/own.safetensors"
      try writeNetworkFile(
        classifier.parameters, configuration: classifier.configuration, to: file)
      var job = try measuring(file, samples: 120)
      (job.seed, job.settings.noise) = (7, noise)
      // Truncation is of other metrics.
      job.settings.truncationPsi = 0.5
      let found = try await GeneratorHost(plainNetwork).measure(job, progress: silently)
      let finding = try #require(found.findings.first)
      #expect(finding.metric == "ls" && finding.generated == 120 && found.data == nil)
      #expect(finding.results.keys == ["ls_z", "ls_w"])
      for (name, separability) in zip(["ls_z", "ls_w"], expected) {
        let value = try #require(finding[name])
        #expect(abs(value - separability.score) < 1e-9, "\(value) and \(separability.score)")
        // Without noise of its own, a picture of so small a generator follows its w too well.
        let isParted = noise == .const && name == "ls_w"
        #expect(isParted || value > 1.01, "attributes that are parted say nothing here")
      }
      let attributes = try #require(finding.attributes)
      #expect(attributes.map(\.name) == ["a", "b", "c"])
      for (k, attribute) in attributes.enumerated() {
        #expect(abs(attribute.entropyZ - expected[0].attributes[k].conditionalEntropy) < 1e-9)
        #expect(abs(attribute.entropyW - expected[1].attributes[k].conditionalEntropy) < 1e-9)
        let classes = expected[0].attributes[k].confusion
        #expect(abs(attribute.positive - classes[0][0] - classes[1][0]) < 1e-9)
      }
      #expect(found.extractors.keys.sorted() == ["attributes"])
      #expect(found.remarks.contains { $0.contains("3 of the 40 attributes") })
      #expect(!found.remarks.contains { $0.contains("by chance alone") })
    }
  }

  /// A folder with two published classifiers, and a file that is none.
  private func withPublished(_ body: (_ folder: String) async throws -> Void) async throws {
    try await withScratchFolder { folder in
      let files = [("05-5-o-clock-shadow", 1), ("00-male", 4)]
      _ = try OutputFolder(making: "\(folder)/metrics")
      let g = try generator(plainNetwork)
      let pictures = withoutGradients { reducedPictures(of: g, 0..<88, noise: .random) }
      for (seed, (name, group)) in files.enumerated() {
        let classifier = smallStyleGAN1Classifier(group: group, seed: UInt64(seed))
        let logits = withoutGradients { classifier(pictures).values() }
        classifier.parameters["4x4/Dense1/bias"].assign(Tensor([-logits.sorted()[44]]))
        try put(
          tensorFlowPickle(of: classifier),
          at: "\(folder)/metrics/celebahq-classifier-\(name).pkl")
      }
      try put(Array("no classifier".utf8), at: "\(folder)/metrics/inception_v3_features.pkl")
      try await body(folder)
    }
  }

  @Test("goes on where it was, whatever was cut off, with the same bits")
  func interruption() async throws {
    try await withPublished { folder in
      var job = try measuring("\(folder)/metrics", samples: 88)
      job.cache = "\(folder)/cache"
      let host = try GeneratorHost(plainNetwork)
      let whole = try await host.measure(job, progress: silently)
      #expect(whole.extractors.keys.sorted() == ["attributes-5_o_Clock_Shadow", "attributes-Male"])
      let attributes = try #require(whole.findings[0].attributes)
      #expect(attributes.map(\.name) == ["Male", "5_o_Clock_Shadow"])
      #expect(attributes.contains { $0.entropyZ > 0 }, "\(attributes)")
      let kept = names(in: "\(folder)/cache")
      #expect(kept.count == 3)
      for name in kept {
        let file = "\(folder)/cache/\(name)"
        let bytes = try ByteRegion(mapping: file).copy()
        try put(Array(bytes.prefix(bytes.count * 6 / 11)), at: file)
      }
      let steps = Mutex<[JobProgress]>([])
      let again = try await host.measure(job) { step in steps.withLock { $0.append(step) } }
      #expect(again.findings.map(\.results) == whole.findings.map(\.results))
      #expect(again.findings[0].attributes == attributes)
      // 48 of 88 rows were left, one of two planes in each space.
      let units = steps.withLock { $0.map { "\($0.doneBefore) \($0.unit)" } }
      #expect(
        Set(units) == ["48 judged pictures", "1 attributes in z", "1 attributes in w"], "\(units)")
      let nothing = Mutex<[JobProgress]>([])
      _ = try await host.measure(job) { step in nothing.withLock { $0.append(step) } }
      #expect(nothing.withLock { $0.isEmpty })
      // Other seeds are other pictures.
      job.seed = 1
      let other = try await host.measure(job, progress: silently)
      #expect(other.findings[0].attributes != attributes)
    }
  }

  @Test("what cannot be measured is said before anything is computed")
  func refusals() async throws {
    let traits = try generator(plainNetwork).traits
    var none = try measuring("nowhere", samples: 10)
    none.networks.attributes = nil
    let bare = none
    refuses("--attributes: expected for ls, a folder with celebahq-classifier-00-male.pkl") {
      try bare.check(traits)
    }
    refuses("--samples: expected 2 to 10000000") { _ = try measuring("nowhere", samples: 1) }
    try await withPublished { folder in
      func refused(_ kind: FileError.Kind, _ words: String, _ path: String) throws {
        let job = try measuring(path, samples: 10)
        expect(kind, says: words) { try job.check(traits) }
      }
      try refused(.missing, "celebahq-classifier-00-male.pkl", "\(folder)/none")
      _ = try OutputFolder(making: "\(folder)/empty")
      try refused(.missing, "a folder with none of them", "\(folder)/empty")
      try put(
        tensorFlowPickle(of: smallStyleGAN1Classifier()),
        at: "\(folder)/metrics/celebahq-classifier-male.pkl")
      try refused(.doesNotFit, "one classifier of Male, found another in", "\(folder)/metrics")
      let generator = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol4.pkl")
      try refused(.doesNotFit, "found only G", generator)
      // The classifiers see pictures of 32×32 pixels, the generator draws 16×16.
      var configuration = AttributeClassifierConfiguration(resolution: 32, attributes: ["a"])
      (configuration.channelBase, configuration.channelMax) = (64, 2)
      let large = AttributeClassifier(configuration, Scope(ParameterStore()))
      try writeNetworkFile(
        large.parameters, configuration: configuration, to: "\(folder)/large.safetensors")
      let job = try measuring("\(folder)/large.safetensors", samples: 10)
      refuses("--metrics=ls: expected a generator of 32×32 pixels, or a multiple") {
        try job.check(traits)
      }
    }
  }
}
