// What every generator can do: seeds, labels, truncation, mixing.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Sampling") struct SamplingTests {
  private let generator = makeGenerator(smallConfiguration())

  @Test("a seed's z is NumPy's randn of that seed")
  func seeds() {
    var state = RandomState(seed: 85)
    #expect(generator.z(seed: 85).values() == state.randn(16).map(Float.init))
    #expect(generator.z(seed: 85).shape == [1, 16] && generator.z(seed: 0).dtype == .float32)
    #expect(abs(generator.z(seed: 0).values()[0] - 1.7640524) < 1e-7)
  }

  @Test("labels are one-hot rows, zeros, or none for generators without labels")
  func labels() {
    #expect(generator.label(classIndex: nil) == nil && generator.label(classIndex: 1) == nil)
    let conditional = makeGenerator(smallConfiguration(labelDim: 3))
    #expect(conditional.label(classIndex: 2)?.values() == [0, 0, 1])
    #expect(conditional.label(classIndex: nil)?.values() == [0, 0, 0])
    #expect(conditional.label(classIndex: 0)?.shape == [1, 3])
  }

  @Test("a label outside the classes traps")
  func labelOutOfRange() async {
    await #expect(processExitsWith: .failure) {
      let generator = StyleGAN2(smallConfiguration(labelDim: 3), Scope(ParameterStore()))
      _ = generator.label(classIndex: 3)
    }
  }

  @Test("truncation by 1 changes nothing, by 0 gives the mean in every row")
  func truncationEnds() {
    let wPlus = generator.seededWPlus(2)
    #expect(generator.truncate(wPlus, Truncation(psi: 1)).isSame(as: wPlus))
    let mean = generator.truncate(wPlus, Truncation(psi: 0))
    expectClose(mean, generator.wAvg.expanded(2, 6, -1), atol: 0)
    #expect(generator.wAvg.abs().max().item() > 0)
  }

  @Test("truncation in between, beyond and below zero is mean + psi * (w - mean)")
  func truncationFormula() {
    let wPlus = generator.seededWPlus(2)
    for psi in [0.5, 0.7, -1, 1.5] {
      expectClose(
        generator.truncate(wPlus, Truncation(psi: psi)),
        generator.wAvg + psi * (wPlus - generator.wAvg), atol: 1e-6, "\(psi)")
    }
  }

  @Test("only rows below the cutoff are truncated")
  func cutoff() {
    let wPlus = generator.seededWPlus(2)
    let all = generator.truncate(wPlus, Truncation(psi: 0.5))
    for cutoff in [0, 1, 4, 6, 99] {
      let y = generator.truncate(wPlus, Truncation(psi: 0.5, cutoff: cutoff))
      let rows = min(cutoff, 6)
      expectClose(y.sliced(0..<rows, axis: 1), all.sliced(0..<rows, axis: 1), atol: 0)
      expectClose(y.sliced(rows..<6, axis: 1), wPlus.sliced(rows..<6, axis: 1), atol: 0)
      #expect(y.shape == wPlus.shape)
    }
  }

  @Test("w is repeated for every row, then truncated")
  func broadcasting() {
    let w = generator.map(z: generator.seededZ(2))
    let wPlus = generator.broadcast(w)
    #expect(wPlus.shape == [2, 6, 12])
    for row in 0..<6 { expectClose(wPlus.selected(row, axis: 1), w, atol: 0) }
    expectClose(
      generator.broadcast(w, truncation: Truncation(psi: 0.5, cutoff: 2)),
      generator.truncate(wPlus, Truncation(psi: 0.5, cutoff: 2)), atol: 0)
  }

  @Test("mixing takes exactly the rows asked for")
  func mixing() {
    let (a, b) = (generator.seededWPlus(2), generator.seededWPlus(2, seed: 9))
    let mixed = generator.mix(a, with: b, rows: [0, 3])
    for row in 0..<6 {
      let source = [0, 3].contains(row) ? b : a
      expectClose(mixed.selected(row, axis: 1), source.selected(row, axis: 1), atol: 0)
    }
    expectClose(generator.mix(a, with: b, rows: []), a, atol: 0)
    expectClose(generator.mix(a, with: b, rows: Set(0..<6)), b, atol: 0)
  }

  @Test("layer ranges follow the resolution of each row's layer")
  func layerRangesOfResolutions() {
    let eight = LayerRanges(resolutions: [8, 16, 16, 16, 32, 32, 32, 64, 128, 128])
    #expect(eight.coarse == 0..<1 && eight.middle == 1..<7 && eight.fine == 7..<10)
    let twelve = LayerRanges(resolutions: [12, 12, 24, 48, 96])
    #expect(twelve.coarse == 0..<2 && twelve.middle == 2..<4 && twelve.fine == 4..<5)
    #expect(LayerRanges(resolutions: [8]).middle.isEmpty)
  }

  @Test("layer ranges are two rows a resolution: to 8, to 32, above")
  func layerRanges() {
    #expect(LayerRanges(numWs: 18).coarse == 0..<4)
    #expect(LayerRanges(numWs: 18).middle == 4..<8)
    #expect(LayerRanges(numWs: 18).fine == 8..<18)
    #expect(LayerRanges(numWs: 6).middle == 4..<6 && LayerRanges(numWs: 6).fine.isEmpty)
    #expect(LayerRanges(numWs: 2).coarse == 0..<2 && LayerRanges(numWs: 2).middle.isEmpty)
  }
}
