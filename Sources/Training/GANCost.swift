// What a training of a generator and a discriminator costs, known without memory or time for either.

import Layers
import Networks
import Tensors

/// What a training of a generator and a discriminator costs.
public struct GANCost: Hashable, Sendable {
  /// The multiply-adds for each image that training counts, on average over many iterations: those of
  /// matrix products and convolutions.
  public let multiplyAdds: Double
  /// The operators that run for each image, on average over many iterations: each takes its time,
  /// however little it computes.
  public let operatorCalls: Double
  /// The bytes of parameters, their gradients, the optimisers' moments and the average generator.
  public let lastingBytes: Int
  /// The bytes of what is kept for gradients when most is.
  public let passingBytes: Int

  /// The most bytes that tensors hold together.
  public var bytes: Int { lastingBytes + passingBytes }
}

extension GANRecipe {
  /// Operators that an optimiser or the average runs for each of its tensors.
  private static let callsPerTensor = 8

  /// What the training costs, of networks that grow once they have grown.
  ///
  /// Both networks run on the device `meta`, where tensors have sizes and no numbers; what they hold on
  /// to for gradients is added up. The passes in the reverse direction are reckoned from those forward:
  /// one for the gradients of inputs, one more for those of parameters; where gradients of gradients are
  /// taken, twice as much is computed and kept.
  public var cost: GANCost {
    let g = generator.makeGenerator(Scope(ParameterStore(), device: .meta))
    let d = discriminator.makeDiscriminator(Scope(ParameterStore(), device: .meta))
    let count = training.microBatchSize
    let own = MetaPasses(g, d, count: count, precision: training.precision)
    let (made, judged) = own.work
    let checkpointing = training.usesCheckpointing ?? false
    let again = checkpointing ? 1.0 : 0  // a pass more where blocks are run once more
    let kinds = training.consistency == nil ? 2 : 4  // images made and real, and both transformed
    var perBatch = (3 + again) * made + (2 + again) * judged  // the generator's loss
    perBatch += made + Double(kinds) * (3 + again) * judged  // the discriminator's
    let one = own.bytesForDiscriminator(checkpointing: checkpointing)
    var kept = [
      own.bytesForGenerator(checkpointing: checkpointing), (kinds - 1) * one.atEnd + one.most,
    ]
    if training.r1Gamma > 0 {
      perBatch += 6 / Double(training.discriminatorRegularizationInterval ?? 1) * judged
    }
    if training.wasserstein != nil { perBatch += 6 * judged }
    if training.r1Gamma > 0 || training.wasserstein != nil {
      kept.append(2 * own.bytesForDiscriminator(checkpointing: false).atEnd)
    }
    if training.pathLength.weight > 0 {
      let share = Double(training.pathLength.batchSize(of: count)) / Double(count)
      let often = 6 / Double(training.generatorRegularizationInterval ?? 1)
      perBatch += Work(multiplyAdds: often * share * made.multiplyAdds, calls: often * made.calls)
      kept.append(Int(2 * share * Double(own.bytesForImages)))
    }
    let numbers = parameterCounts
    // Both optimisers and the average go over their tensors once for a whole batch.
    let tensors = 2 * g.parameters.names(under: "").count + d.parameters.names(under: "").count
    return GANCost(
      multiplyAdds: perBatch.multiplyAdds / Double(count),
      operatorCalls: perBatch.calls / Double(count)
        + Double(Self.callsPerTensor * tensors) / Double(training.batchSize),
      lastingBytes: 4 * (5 * numbers.generator + 4 * numbers.discriminator),
      passingBytes: kept.max() ?? 0)
  }
}

/// What a pass through a network takes.
private struct Work {
  var multiplyAdds: Double
  var calls: Double

  static func + (a: Work, b: Work) -> Work {
    Work(multiplyAdds: a.multiplyAdds + b.multiplyAdds, calls: a.calls + b.calls)
  }

  static func += (a: inout Work, b: Work) { a = a + b }

  static func * (factor: Double, work: Work) -> Work {
    Work(multiplyAdds: factor * work.multiplyAdds, calls: factor * work.calls)
  }
}

/// Passes of both networks on the device `meta`, with as many images as go through them together.
private struct MetaPasses {
  private let g: any Generator
  private let d: any Discriminator
  private let count: Int
  private let precision: DType

  init(_ g: any Generator, _ d: any Discriminator, count: Int, precision: DType) {
    (self.g, self.d, self.count, self.precision) = (g, d, count, precision)
    g.parameters.setRequiresGrad(true)
    d.parameters.setRequiresGrad(true)
  }

  private func rows(_ length: Int) -> Tensor { .empty([count, length], device: .meta) }

  private var labels: Tensor? { g.traits.labelDim > 0 ? rows(g.traits.labelDim) : nil }

  private func wPlus() -> Tensor {
    g.broadcast(g.map(z: rows(g.traits.zDim), labels: labels))
  }

  private func images(_ wPlus: Tensor, checkpointing: Bool = false) -> Tensor {
    g.synthesize(
      wPlus,
      options: SynthesisOptions(
        purpose: .training, precision: precision, lod: 0, usesCheckpointing: checkpointing))
  }

  private func logits(_ images: Tensor, checkpointing: Bool = false) -> Tensor {
    // How far it has grown is a number, of which there are none here.
    if let grown = d as? StyleGAN1Discriminator {
      return grown(images, labels: labels, lod: 0, usesCheckpointing: checkpointing)
    }
    return d(
      images, labels: labels,
      options: DiscriminatorOptions(
        purpose: .training, precision: precision, usesCheckpointing: checkpointing))
  }

  private func real() -> Tensor {
    let shape = [count, g.traits.imgChannels, g.traits.resolution, g.traits.resolution]
    return .empty(shape, device: .meta)
  }

  /// That of a pass forward, by both networks.
  var work: (generator: Work, discriminator: Work) {
    withoutGradients { (work { _ = images(wPlus()) }, work { _ = logits(real()) }) }
  }

  private func work(_ pass: () -> Void) -> Work {
    let found = countingWork(pass)
    return Work(multiplyAdds: Double(found.multiplyAdds), calls: Double(found.calls))
  }

  /// What the generator's loss keeps at most.
  func bytesForGenerator(checkpointing: Bool) -> Int {
    mostBytesHeld {
      withGradients {
        logits(images(wPlus(), checkpointing: checkpointing), checkpointing: checkpointing)
      }
    }
  }

  /// What the generator keeps.
  var bytesForImages: Int { bytesHeld { withGradients { images(wPlus()) } } }

  /// What the discriminator's loss keeps of one kind of images, at the end and at most.
  func bytesForDiscriminator(checkpointing: Bool) -> (atEnd: Int, most: Int) {
    func judged() -> Tensor { withGradients { logits(real(), checkpointing: checkpointing) } }
    return (bytesHeld(by: judged), mostBytesHeld(by: judged))
  }
}
