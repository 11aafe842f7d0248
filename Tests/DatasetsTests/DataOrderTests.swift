// The order of pictures: every epoch all of them, resumable anywhere, the same in every version.

import Datasets
import Foundation
import Testing

@Suite("Order")
struct DataOrderTests {
  @Test("every epoch holds every number once, in an order of its own", arguments: [1, 2, 7, 1000])
  func epochs(count: Int) {
    var order = DataOrder(count: count, seed: 1)
    var epochs: Set<[Int]> = []
    for epoch in 0..<4 {
      #expect(order.epoch == epoch)
      let numbers = order.next(count)
      #expect(numbers.sorted() == Array(0..<count))
      epochs.insert(numbers)
    }
    #expect(order.position == 4 * count)
    if count > 10 { #expect(epochs.count == 4) }
  }

  @Test("the order is the one that training states were saved with")
  func frozen() {
    var order = DataOrder(count: 10, seed: 0)
    #expect(
      order.next(20) == [5, 3, 7, 1, 8, 4, 0, 2, 9, 6, 4, 6, 3, 9, 0, 2, 8, 1, 7, 5])
    var other = DataOrder(count: 10, seed: 1)
    #expect(other.next(10) == [1, 0, 6, 7, 3, 2, 4, 9, 8, 5])
  }

  @Test("saved anywhere and read back, it goes on as if nothing had happened")
  func resuming() throws {
    var whole = DataOrder(count: 13, seed: 5)
    let numbers = whole.next(60)
    for place in [0, 1, 12, 13, 14, 26, 40] {
      var first = DataOrder(count: 13, seed: 5)
      #expect(first.next(place) == Array(numbers[..<place]))
      let saved = try JSONEncoder().encode(first)
      var second = try JSONDecoder().decode(DataOrder.self, from: saved)
      #expect(second == first && second.position == place)
      #expect(second.next(60 - place) == Array(numbers[place...]))
    }
  }

  @Test("sizes of batches do not matter")
  func batches() {
    var (ones, sevens) = (DataOrder(count: 10, seed: 3), DataOrder(count: 10, seed: 3))
    let single = (0..<42).map { _ in ones.next() }
    #expect((0..<6).flatMap { _ in sevens.next(7) } == single)
    #expect(ones == sevens)
  }

  @Test("its state is three numbers")
  func state() throws {
    var order = DataOrder(count: 100_000, seed: .max)
    _ = order.next()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(
      String(decoding: try encoder.encode(order), as: UTF8.self)
        == #"{"count":100000,"position":1,"seed":18446744073709551615}"#)
  }

  @Test(
    "states that no order has are refused",
    arguments: [
      #"{"count":0,"position":0,"seed":1}"#, #"{"count":4294967296,"position":0,"seed":1}"#,
      #"{"count":1,"position":-1,"seed":1}"#, #"{"count":1,"seed":1}"#,
    ])
  func refused(text: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(DataOrder.self, from: Data(text.utf8))
    }
  }

  @Test("every place is as likely for every number")
  func uniform() {
    // 24 orders of 4 numbers in 24,000 epochs: 1000 each, with a standard deviation of 31.
    var order = DataOrder(count: 4, seed: 9)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 { counts[order.next(4), default: 0] += 1 }
    #expect(counts.count == 24)
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 160 })
  }
}
