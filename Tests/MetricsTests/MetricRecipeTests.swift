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

  @Test("names of portraits and of mixed pictures say what they are of")
  func ofOurOwn() throws {
    for name in MetricRecipe.portraits {
      let recipe = try #require(MetricRecipe(name))
      #expect(recipe.description == name && recipe.isOfPortraits)
      #expect(recipe.latents == 1 && recipe.generated == 50_000)
    }
    let length = try #require(MetricRecipe("ppl_wfull-portraits"))
    #expect(length.kind == .pathLength(PerceptualPathLength(space: .w, sampling: .full)))
    #expect(length.takesSamples && !length.needsData)
    let mixed = try #require(MetricRecipe("fid10k_full-mix3"))
    #expect(mixed.kind == .frechetDistance && mixed.latents == 3 && mixed.generated == 10_000)
    #expect(mixed.isFull && mixed.realLimit == nil && !mixed.isOfPortraits)
    #expect(MetricRecipe("kid-portraits2k-mix2")?.realLimit == 2000)
  }

  @Test("a distance of any number of pictures has the name that people would type, if there is one")
  func distances() {
    for (name, count, isOfPortraits, latents) in [
      ("fid10k_full", 10_000, false, 1), ("fid50k_full-mix4", 50_000, false, 4),
      ("fid-portraits5k", 5000, true, 1), ("fid-portraits5k-mix2", 5000, true, 2),
    ] {
      let recipe = MetricRecipe(distanceOf: count, isOfPortraits: isOfPortraits, latents: latents)
      #expect(recipe.description == name && recipe == MetricRecipe(name))
    }
    let few = MetricRecipe(distanceOf: 300, isOfPortraits: true, latents: 2)
    #expect(few.description == "fid-portraits300-mix2" && few.realLimit == 300)
    #expect(few.generated == 300 && few.latents == 2 && few.isOfPortraits)
  }

  @Test(
    "other names are none",
    arguments: [
      "", "fid", "fid50", "fid0k", "fid50k3", "fid50k_", "pr50k", "pr50k0", "is50k_full", "ppl",
      "FID50k", "kid99999k", "fid50k_full ", "is-portraits", "fid-portraits50", "fid50k-portraits",
      "ls-mix2", "ppl_wend-mix2", "fid10k-mix1", "fid10k-mix10", "fid10k-mix2-mix2", "-mix2",
      "ppl2_wend-portraits", "ls-portraits",
    ])
  func others(name: String) {
    #expect(MetricRecipe(name) == nil)
  }
}
