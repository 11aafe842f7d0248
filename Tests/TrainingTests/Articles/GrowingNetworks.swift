// The example of the article on growing networks.

import Networks
import Testing
import Training

@Suite("Growing networks") struct GrowingNetworksTests {
  @Test("a time of training has a level of detail, a resolution and a batch")
  func stage() throws {
    let recipe = try GANRecipe(named: "stylegan", resolution: 64, imgChannels: 3, labelDim: 0)
    let growth = try #require(recipe.training.growth)
    let stage = growth.stage(imageCount: 900_000)
    print(stage.lod, stage.resolution, stage.batchSize)  // 2.5 16 128
    #expect(stage.lod == 2.5 && stage.resolution == 16 && stage.batchSize == 128)
  }
}
