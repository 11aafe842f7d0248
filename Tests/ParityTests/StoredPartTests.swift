// Stored parts of tensors: samples, slices, statistics and facts.

import Formats
import ParityCases
import Tensors
import Testing

/// The parts that the fields of a case file describe.
private func parts(_ fields: String) throws -> [String: StoredPart] {
  let file = try StrictObject(
    JSON(ByteRegion(Array("{\(fields)}".utf8), name: "test")), path: "case.json")
  let parts = try StoredPart.all(in: file)
  try file.requireFullyRead()
  return parts
}

/// The part `p` of the numbers 0, 1, … in the shape [2, 3, 4].
private func taken(_ fields: String, shape: [Int] = []) throws -> Tensor {
  let full = Tensor((0..<24).map(Float.init), shape: [2, 3, 4])
  let part = try #require(try parts(fields)["p"])
  #expect(part.whole == "y")
  return try part.taken(from: full, storedShape: shape)
}

@Suite struct StoredPartTests {
  @Test("samples flattened elements from an offset on")
  func samples() throws {
    let part = try taken(#""subsample": {"p": {"of": "y", "stride": 7, "offset": 2}}"#)
    #expect(part.shape == [4])
    #expect(part.values() == [2, 9, 16, 23] as [Float])
  }

  @Test("stops at the count, which may be more than there are")
  func sampleCount() throws {
    let start = #""subsample": {"p": {"of": "y", "stride": 7, "offset": 2, "count": "#
    #expect(try taken(start + "2}}").values() == [2, 9] as [Float])
    #expect(try taken(start + "9}}").values() == [2, 9, 16, 23] as [Float])
    #expect(try taken(start + "0}}").count == 0)
  }

  @Test("finds nothing beyond the end")
  func offsetBeyondEnd() throws {
    #expect(try taken(#""subsample": {"p": {"of": "y", "stride": 1, "offset": 99}}"#).count == 0)
  }

  @Test("slices every axis and takes the stored shape")
  func slices() throws {
    let fields = #""subsample": {"p": {"of": "y", "slices": [[1, 2, 1], [0, 3, 2], [1, 4, 2]]}}"#
    let part = try taken(fields, shape: [2, 2])
    #expect(part.shape == [2, 2])
    #expect(part.values() == [13, 15, 21, 23] as [Float])
    #expect(try taken(fields, shape: [5]).shape == [1, 2, 2])
  }

  @Test("refuses slices for another number of axes")
  func sliceRank() {
    #expect(throws: CaseError.self) {
      try taken(#""subsample": {"p": {"of": "y", "slices": [[0, 1, 1]]}}"#, shape: [1])
    }
  }

  @Test("computes statistics over all elements, in order, as float32")
  func statistics() throws {
    let fields = #"["max", "min", "sum", "abs_sum", "std_population", "mean"]"#
    let part = try taken(#""statistics": {"p": {"of": "y", "fields": \#(fields)}}"#)
    #expect(part.dtype == .float32)
    // The variance of 0 … 23 with divisor n is (24² - 1) / 12.
    let deviation = Float((575.0 / 12).squareRoot())
    #expect(part.values() == [23, 0, 276, 276, deviation, 11.5] as [Float])
  }

  @Test("knows shapes and strides as integers")
  func facts() throws {
    let shape = try taken(#""metadata": {"p": {"of": "y", "value": "shape"}}"#)
    #expect(shape.dtype == .int64)
    #expect(shape.values(as: Int.self) == [2, 3, 4])
    let stride = try taken(
      #""subsample": {"q": {"of": "y", "stride": 7, "offset": 2}}, "#
        + #""metadata": {"p": {"of": "y", "value": "stride"}}"#)
    #expect(stride.values(as: Int.self) == [7])
  }

  @Test(
    "refuses parts that are not described as the format says",
    arguments: [
      #""subsample": {"p": {"of": "y", "stride": 0, "offset": 0}}"#,
      #""subsample": {"p": {"of": "y", "stride": 1, "offset": -1}}"#,
      #""subsample": {"p": {"of": "y", "stride": 1}}"#,
      #""subsample": {"p": {"of": "y", "stride": 1, "offset": 0, "every": 2}}"#,
      #""subsample": {"p": {"of": "y", "slices": [[0, 1]]}}"#,
      #""subsample": {"p": {"of": "y", "slices": [[0, 1, 0]]}}"#,
      #""statistics": {"p": {"of": "y", "fields": ["median"]}}"#,
      #""statistics": {"p": {"of": "y", "fields": []}}"#,
      #""metadata": {"p": {"of": "y", "value": "dtype"}}"#,
      #""metadata": {"p": {"of": "y", "value": "stride"}}"#,
      #""subsample": {"p": {"of": "y", "stride": 1, "offset": 0}}, "#
        + #""statistics": {"p": {"of": "y", "fields": ["sum"]}}"#,
    ])
  func malformed(fields: String) {
    #expect(throws: CaseError.self) { try parts(fields) }
  }
}
