// NumPy's legacy stream against numbers that NumPy prints.

import Foundation
import Tensors
import Testing

@Suite("RandomState") struct RandomStateTests {
  @Test("normals of seed 0 are the ones everybody knows")
  func normals() {
    var state = RandomState(seed: 0)
    #expect(
      state.randn(5) == [
        1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458,
        1.8675579901499675,
      ])
  }

  @Test("normals of seed 42 start as NumPy's")
  func normalsOf42() {
    var state = RandomState(seed: 42)
    let expected = [0.4967141530112327, -0.13826430117118466, 0.6476885381006925]
    for (found, number) in zip(state.randn(3), expected) { #expect(abs(found - number) < 1e-15) }
  }

  @Test("uniform numbers of seed 0 start as NumPy's")
  func uniforms() {
    var state = RandomState(seed: 0)
    #expect(state.rand(3) == [0.5488135039273248, 0.7151893663724195, 0.6027633760716439])
  }

  @Test("the ten-thousandth word of seed 5489 is the one in the C++ standard")
  func tenThousandthWord() {
    var state = RandomState(seed: 5489)
    for _ in 1..<10_000 { _ = state.nextWord() }
    #expect(state.nextWord() == 4_123_659_995)
  }

  @Test("integers of seed 0 are NumPy's randint(0, 10, 10)")
  func integers() {
    var state = RandomState(seed: 0)
    #expect(state.randint(0..<10, 10) == [5, 0, 3, 3, 7, 9, 3, 5, 2, 4])
  }

  @Test("integers stay in their range and start at its lower bound")
  func integerRanges() {
    var state = RandomState(seed: 1)
    let drawn = state.randint(-3..<2, 1000)
    #expect(Set(drawn) == [-3, -2, -1, 0, 1])
    #expect(state.randint(0..<1 << 32, 100).contains { $0 > Int(Int32.max) })
  }

  @Test("one integer to choose from takes nothing from the stream")
  func singleInteger() {
    var (a, b) = (RandomState(seed: 3), RandomState(seed: 3))
    #expect(a.randint(7..<8, 5) == [7, 7, 7, 7, 7])
    #expect(a.nextWord() == b.nextWord())
  }

  @Test("shuffling 0 to 9 with seed 0 gives NumPy's permutation(10)")
  func shuffle() {
    var state = RandomState(seed: 0)
    var list = Array(0..<10)
    state.shuffle(&list)
    #expect(list == [2, 8, 4, 9, 1, 6, 7, 3, 0, 5])
  }

  @Test("shuffling lists of one or none takes nothing from the stream")
  func shuffleNothing() {
    var (a, b) = (RandomState(seed: 3), RandomState(seed: 3))
    var (none, one): ([Int], [Int]) = ([], [1])
    a.shuffle(&none)
    a.shuffle(&one)
    #expect(a == b)
    #expect(a.nextWord() == b.nextWord())
  }

  @Test("the largest seed is a seed like others")
  func largestSeed() {
    var state = RandomState(seed: .max)
    #expect(Set(state.rand(10)).count == 10)
  }

  @Test("a copy runs on by itself")
  func copies() {
    var a = RandomState(seed: 9)
    _ = a.normal()
    var b = a
    #expect(a.randn(7) == b.randn(7))
    _ = a.nextWord()
    #expect(a != b)
  }

  @Test("a part of a data set is the one that published training takes")
  func subsets() {
    #expect(RandomState.subset(4, of: 10, seed: 0) == [2, 4, 8, 9])
    #expect(RandomState.subset(5, of: 1000, seed: 0) == [298, 553, 672, 859, 993])
    #expect(RandomState.subset(3, of: 7, seed: 5) == [2, 4, 6])
    #expect(RandomState.subset(3, of: 3, seed: 0) == [0, 1, 2])
    #expect(RandomState.subset(9, of: 3, seed: 0) == [0, 1, 2])
  }

  @Test("a saved state continues the stream, with a normal left over and between twists")
  func saving() throws {
    for drawn in [0, 1, 2, 311, 312, 313, 1001] {
      var state = RandomState(seed: 12)
      _ = state.randn(drawn)
      let saved = try JSONEncoder().encode(state)
      var restored = try JSONDecoder().decode(RandomState.self, from: saved)
      #expect(restored == state)
      #expect(restored.randn(1000) == state.randn(1000))
    }
  }

  @Test("refuses saved states that no stream can have")
  func badStates() throws {
    let good = String(decoding: try JSONEncoder().encode(RandomState(seed: 1)), as: UTF8.self)
    let bad = [
      #"{"words":[1,2,3],"position":624}"#,
      good.replacingOccurrences(of: "\"position\":624", with: "\"position\":625"),
      good.replacingOccurrences(of: "\"position\":624", with: "\"position\":-1"),
    ]
    for json in bad {
      #expect(json != good)
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(RandomState.self, from: Data(json.utf8))
      }
    }
  }
}
