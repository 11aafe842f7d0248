// What trainings are reckoned to cost, beside sums made by hand and what tensors really hold.

import Layers
import Networks
import TestSupport
import Tensors
import Testing
import Training

@Suite("Cost of trainings") struct GANCostTests {
  private func cost(_ name: String, _ change: (inout GANRecipeChanges) -> Void = { _ in }) throws
    -> GANCost
  {
    var changes = GANRecipeChanges()
    (changes.channelMax, changes.batchSize, changes.microBatchSize) = (16, 8, 8)
    change(&changes)
    return try GANRecipe(
      named: name, resolution: 32, imgChannels: 3, labelDim: 0, changes: changes
    ).cost
  }

  @Test("follows batches, parts of batches and regularisation")
  func follows() throws {
    let whole = try cost("auto")
    let parts = try cost("auto") { $0.microBatchSize = 4 }
    // An image costs the same, and half as many at a time hold half as much, but for what is kept of
    // parameters.
    #expect(abs(parts.multiplyAdds / whole.multiplyAdds - 1) < 0.01)
    let share = Double(parts.passingBytes) / Double(whole.passingBytes)
    #expect(share > 0.5 && share < 0.6)
    #expect(parts.lastingBytes == whole.lastingBytes)
    // Twice as many passes, and one step of each optimiser as before.
    let calls = parts.operatorCalls / whole.operatorCalls
    #expect(calls > 1.3 && calls < 2)
    let batch = try cost("auto") { ($0.batchSize, $0.microBatchSize) = (16, 8) }
    #expect(batch.operatorCalls < whole.operatorCalls)
    #expect(batch.operatorCalls > whole.operatorCalls / calls)
    // Numbers, gradients, two moments and the average; of the discriminator no average.
    let recipe = try GANRecipe(named: "auto", resolution: 32, imgChannels: 3, labelDim: 0)
    let counts = recipe.parameterCounts
    #expect(recipe.cost.lastingBytes == 20 * counts.generator + 16 * counts.discriminator)
  }

  @Test("is known of every recipe", arguments: GANRecipe.names)
  func recipes(name: String) throws {
    var changes = GANRecipeChanges()
    if !name.hasPrefix("styleformer") { changes.channelMax = 16 }
    let recipe = try GANRecipe(
      named: name, resolution: 32, imgChannels: 3, labelDim: 0, changes: changes)
    let cost = recipe.cost
    // At the least both networks go forward and back once.
    #expect(cost.multiplyAdds > 3e5 && cost.passingBytes > 1 << 16, "\(cost)")
    #expect(cost.operatorCalls > 10, "\(cost)")
  }

  @Test("memory is that of tensors which are held for gradients")
  func held() {
    let x = Tensor.seeded([8, 4], seed: 1, dtype: .float32).requiringGrad()
    // The exponential keeps its result, the square its input, the sum nothing.
    let bytes = bytesHeld { withGradients { (x.exp() * 3).square().sum() } }
    #expect(bytes == (2 * 32 + 1) * 4)
    #expect(bytesHeld { withoutGradients { (x.exp() * 3).square().sum() } } == 4)
    // Views of what was there before are nobody's.
    #expect(bytesHeld { x.reshaped(4, 8) } == 0)
  }
}
