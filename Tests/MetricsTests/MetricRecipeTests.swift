// Names of metrics: what each compares, and how much of it.

import Metrics
import Testing

@Suite("Names of metrics") struct MetricRecipeTests {
  @Test("all published names are known, and say so")
  func published() throws {
    for name in MetricRecipe.published {
      #expect(try #require(MetricRecipe(name)).description == name)
    }
  }

  @Test("a name says what is compared, with how many pictures")
  func parts() throws {
    let full = try #require(MetricRecipe("fid50k_full"))
    #expect(full.kind == .frechetDistance && full.generated == 50_000)
    #expect(full.realLimit == nil && full.isFull && full.needsData && full.fewestPictures == 2)
    let quick = try #require(MetricRecipe("fid10k"))
    #expect(quick.generated == 10_000 && quick.realLimit == 10_000 && !quick.isFull)
    let kernel = try #require(MetricRecipe("kid50k_full"))
    #expect(kernel.kind == .kernelDistance && kernel.realLimit == 1_000_000)
    let recall = try #require(MetricRecipe("pr50k5_full"))
    #expect(recall.kind == .precisionRecall(neighbour: 5) && recall.realLimit == 200_000)
    #expect(recall.fewestPictures == 6)
    let score = try #require(MetricRecipe("is50k"))
    #expect(score.kind == .inceptionScore && !score.needsData)
    let length = try #require(MetricRecipe("ppl_zfull"))
    #expect(
      length.kind == .pathLength(PerceptualPathLength(space: .z, sampling: .full, isCropped: true)))
    #expect(length.generated == 50_000 && length.takesSamples && !length.needsData)
    let portraits = try #require(MetricRecipe("fid-portraits"))
    #expect(portraits.kind == full.kind && portraits.generated == 50_000 && portraits.isFull)
    #expect(portraits.isOfPortraits && !full.isOfPortraits && portraits != full)
    let few = try #require(MetricRecipe("kid-portraits2k"))
    #expect(few.kind == .kernelDistance && few.generated == 2000 && few.realLimit == 2000)
    let separability = try #require(MetricRecipe("ls"))
    #expect(separability.kind == .separability && separability.generated == 200_000)
    #expect(separability.takesSamples && !separability.needsData && !score.takesSamples)
    #expect(
      MetricRecipe("ppl2_wend")?.kind
        == .pathLength(PerceptualPathLength(space: .w, sampling: .end)))
  }

  @Test(
    "other names are none",
    arguments: [
      "", "fid", "fid50", "fid0k", "fid50k3", "fid50k_", "pr50k", "pr50k0", "is50k_full", "ppl",
      "FID50k", "kid99999k", "fid50k_full ", "is-portraits", "fid-portraits50", "fid50k-portraits",
    ])
  func others(name: String) {
    #expect(MetricRecipe(name) == nil)
  }
}
