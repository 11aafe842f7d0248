// Portraits: the same for the same seeds for ever, and what is said of them is what is drawn.

import Crypto
import Datasets
import Formats
import Testing

@Suite("Portraits")
struct PortraitTests {
  @Test("a hundred pictures, their attributes and factors are those of portraits-v1")
  func frozen() {
    var hash = SHA256()
    for seed: UInt64 in 0..<100 {
      let portrait = Portrait(identity: seed, nuisance: seed &* 7919)
      hash.update(data: portrait.image(size: 64).pixels)
      hash.update(data: PortraitAttribute.allCases.map { portrait[$0] ? 1 : 0 })
      for factor in PortraitFactor.allCases {
        withUnsafeBytes(of: portrait[factor].bitPattern.littleEndian) {
          hash.update(bufferPointer: $0)
        }
      }
    }
    let digest = hash.finalize().map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
    #expect(Portrait.version == "portraits-v1")
    #expect(digest == "74c1acce7b2621b266efceef666f0aca14dba97963f85a578e4cb482eecdf5b3")
  }

  @Test(
    "every size shows the same portrait, nearer to itself than to any other",
    arguments: [32, 48, 128, 256])
  func sizes(size: Int) {
    let seeds: Range<UInt64> = 0..<20
    let small = seeds.map { means(Portrait(identity: $0, nuisance: $0).image(size: 64)) }
    for (place, seed) in seeds.enumerated() {
      let image = Portrait(identity: seed, nuisance: seed).image(size: size)
      #expect((image.width, image.height, image.channels) == (size, size, 3))
      let large = means(image)
      let distances = small.map { other in
        zip(other, large).map { abs($0 - $1) }.reduce(0, +) / Double(large.count)
      }
      #expect(distances.min() == distances[place])
      // Lines thinner than a pixel are drawn stronger than they are, so that they can be seen.
      #expect(distances[place] < 4)
    }
  }

  @Test("the identity fixes who it is, the nuisance how they are shown")
  func seeds() {
    let identityFactors: Set<PortraitFactor> = [
      .age, .headWidth, .skinTone, .eyeDistance, .eyeSize, .mouthWidth,
    ]
    let sceneAttributes: Set<PortraitAttribute> = [
      .eyeglasses, .mouthSlightlyOpen, .rosyCheeks, .smiling, .wearingEarrings, .wearingHat,
      .wearingLipstick, .wearingNecklace, .wearingNecktie,
    ]
    for seed: UInt64 in 0..<50 {
      let portrait = Portrait(identity: seed, nuisance: seed)
      let again = Portrait(identity: seed, nuisance: seed + 1)
      let other = Portrait(identity: seed + 1, nuisance: seed)
      for factor in PortraitFactor.allCases {
        let same = identityFactors.contains(factor) ? again : other
        #expect(portrait[factor] == same[factor])
      }
      for attribute in PortraitAttribute.allCases {
        let same = sceneAttributes.contains(attribute) ? other : again
        #expect(portrait[attribute] == same[attribute])
      }
      #expect(portrait.image(size: 32) != again.image(size: 32))
      #expect(portrait.image(size: 32) != other.image(size: 32))
    }
  }

  @Test("every attribute is true of many and of few enough", arguments: PortraitAttribute.allCases)
  func frequencies(attribute: PortraitAttribute) {
    let count = (0..<4000).count { seed in
      Portrait(identity: UInt64(seed), nuisance: UInt64(seed) + 1_000_000)[attribute]
    }
    #expect(200...3400 ~= count, "\(attribute.rawValue): \(count) of 4000")
  }

  @Test("attributes that exclude each other never meet")
  func exclusions() {
    for seed: UInt64 in 0..<4000 {
      let all = Portrait(identity: seed, nuisance: seed).attributes
      let colours: Set<PortraitAttribute> = [.blackHair, .blondHair, .brownHair, .grayHair]
      #expect(all.intersection(colours).count <= 1)
      #expect(all.intersection([.straightHair, .wavyHair, .bald]).count == 1)
      #expect(!all.isSuperset(of: [.bald, .bangs]))
      #expect(!all.isSuperset(of: [.goatee, .noBeard]))
    }
  }

  @Test("attributes follow the factors that they are drawn from")
  func factors() {
    for seed: UInt64 in 0..<1000 {
      let portrait = Portrait(identity: seed, nuisance: seed)
      #expect(portrait[.smiling] == (portrait[PortraitFactor.smile] > 0.3))
      #expect(portrait[.mouthSlightlyOpen] == (portrait[.mouthOpening] > 0))
      #expect(portrait[.young] == (portrait[.age] < 0.5))
      #expect(portrait[.paleSkin] == (portrait[.skinTone] < 0.1))
      #expect(portrait[.chubby] == (portrait[.headWidth] > 0.82))
    }
  }

  /// The means of all channels over an 8 × 8 grid.
  private func means(_ image: ByteImage) -> [Double] {
    let cell = image.width / 8
    return (0..<64).flatMap { index in
      (0..<3).map { channel in
        var sum = 0
        for y in 0..<cell {
          for x in 0..<cell {
            let (row, column) = (index / 8 * cell + y, index % 8 * cell + x)
            sum += Int(image.pixels[(row * image.width + column) * 3 + channel])
          }
        }
        return Double(sum) / Double(cell * cell)
      }
    }
  }
}
