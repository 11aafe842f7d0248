// Which latents pictures are mixed of: as NumPy's stream says, at every place alike, and in the rows
// that are read.

import Layers
import Metrics
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Mixed latents") struct LatentMixingTests {
  private let generator: StyleGAN2 = {
    var configuration = StyleGAN2Configuration(resolution: 32)
    (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (8, 8, 2)
    (configuration.channelBase, configuration.channelMax) = (128, 4)
    return StyleGAN2(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  }()

  private func mixing(_ seed: UInt32, of latents: Int) -> LatentMixing {
    LatentMixing(seed: seed, latents: latents, traits: generator.traits)
  }

  @Test("seeds and crossovers follow in NumPy's stream of the picture's seed")
  func stream() {
    #expect(generator.traits.usedWs == 0..<8)
    // r = numpy.random.RandomState(5); r.randn(8); rows = list(range(1, 8)); r.shuffle(rows)
    // rows[:3], r.randint(0, 2**32, 3)
    let four = mixing(5, of: 4)
    #expect(four.seeds == [5, 3_282_955_329, 3_779_300_783, 476_315_166])
    #expect(four.crossovers == [2, 3, 5])
    let three = mixing(85, of: 3)
    #expect(three.seeds == [85, 1_741_835_815, 801_894_044] && three.crossovers == [1, 2])
  }

  @Test("one more latent adds a seed and a crossover, and all rows are the own latent's without")
  func more() {
    for seed in UInt32(0)..<50 {
      let all = (1...8).map { mixing(seed, of: $0) }
      #expect(all[0].seeds == [seed] && all[0].crossovers.isEmpty)
      for (few, more) in zip(all, all.dropFirst()) {
        #expect(Array(more.seeds.dropLast()) == few.seeds)
        #expect(Set(more.crossovers).isSuperset(of: few.crossovers))
        #expect(more.crossovers.count == few.crossovers.count + 1)
        #expect(more.crossovers == Set(more.crossovers).sorted())
      }
      #expect((0..<8).map(all[0].latent) == [Int](repeating: 0, count: 8))
      // Eight latents have a row each.
      #expect((0..<8).map(all[7].latent) == Array(0..<8))
    }
  }

  @Test("every set of crossovers is as likely as any other, and none is a row that is not read")
  func chances() {
    var traits = generator.traits
    traits.usedWs = 0..<6
    var counts: [[Int]: Int] = [:]
    for seed in UInt32(0)..<4000 {
      counts[LatentMixing(seed: seed, latents: 3, traits: traits).crossovers, default: 0] += 1
    }
    // Two of the rows 1 to 5: ten sets, of 400 each.
    #expect(counts.count == 10 && counts.keys.allSatisfy { $0.allSatisfy((1...5).contains) })
    let chiSquare = counts.values.reduce(0.0) { $0 + Double(($1 - 400) * ($1 - 400)) / 400 }
    // With nine degrees of freedom one of ten thousand draws is above.
    #expect(chiSquare < 33.7, "\(counts)")
  }

  @Test("W+ of one latent is w in every row, bit for bit")
  func single() {
    let seeds: [UInt32] = [3, 4, 5]
    let found = withoutGradients { generator.mixed(seeds.map { mixing($0, of: 1) }) }
    let expected = withoutGradients { () -> Tensor in
      let z = Tensor.concatenate(seeds.map { generator.z(seed: $0) }, axis: 0)
      return generator.broadcast(generator.map(z: z, labels: nil))
    }
    #expect(found.shape == [3, 8, 8])
    #expect(found.values() == expected.values())
  }

  @Test("W+ of several has each latent's w from its crossover on")
  func several() {
    let pictures = [UInt32(5), 85].map { mixing($0, of: 4) }
    withoutGradients {
      let found = generator.mixed(pictures)
      for (index, picture) in pictures.enumerated() {
        let codes = picture.seeds.map { seed in
          generator.broadcast(generator.map(z: generator.z(seed: seed), labels: nil))
        }
        var expected = codes[0]
        for (code, first) in zip(codes.dropFirst(), picture.crossovers) {
          expected = generator.mix(expected, with: code, rows: Set(first..<8))
        }
        // Mapped two at a time rather than alone.
        expectClose(found.sliced(index..<index + 1, axis: 0), expected, atol: 1e-5)
      }
      #expect(found.selected(0, axis: 0).values() != found.selected(1, axis: 0).values())
    }
  }
}
