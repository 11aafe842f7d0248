// Whole cases written by hand: what passes, what is off, and what cannot be run.

import ParityCases
import Testing

@Suite struct SmallCaseTests {
  @Test("passes where everything is as expected")
  func passes() throws {
    #expect(try SmallCase().failures() == [])
  }

  @Test("names a tensor that is off once for each way of computing it")
  func off() throws {
    var small = SmallCase()
    small.expected["y"]?.values[4] += 0.5
    let failures = try small.failures()
    #expect(failures.count == 2)
    #expect(failures.first?.hasPrefix("[fused] y: 1 of 6 off, worst absolute error 0.5") == true)
    #expect(failures.last?.hasPrefix("[reference] y: 1 of 6 off") == true)
    #expect(failures.allSatisfy { $0.hasSuffix("tolerance atol 1e-06") })
  }

  @Test("applies the tolerance that the file gives the tensor")
  func override() throws {
    var small = SmallCase()
    small.expected["y"]?.values[4] += 0.5
    small.overrides = #""y*": {"atol": 0.6, "rtol": 0, "relative_to_max": 0}"#
    #expect(try small.failures() == [])
  }

  @Test("fails on a tensor that is not computed")
  func notComputed() throws {
    var small = SmallCase()
    small.expected["z"] = ([1], [0])
    #expect(try small.failures() == ["[fused] z: not computed", "[reference] z: not computed"])
  }

  @Test("compares the stored part of a computed tensor")
  func parts() throws {
    var small = SmallCase()
    small.expected["y.sub"] = ([2], [SmallCase.x[1], SmallCase.x[4]])
    small.fields = #", "subsample": {"y.sub": {"of": "y", "stride": 3, "offset": 1, "count": 2}}"#
    #expect(try small.failures() == [])
    small.expected["y.sub"]?.values[1] += 1
    #expect(try small.failures().count == 2)
  }

  @Test("compares a part that has the name of the whole")
  func partOfItself() throws {
    var small = SmallCase()
    small.expected = ["y": ([2], [SmallCase.x[1], SmallCase.x[4]])]
    small.fields = #", "subsample": {"y": {"of": "y", "stride": 3, "offset": 1}}"#
    #expect(try small.failures() == [])
  }

  @Test(
    "refuses a key that the kind does not know, at any depth",
    arguments: [(#", "speed": 1"#, "config.speed"), (#", "gain_": 1"#, "config.variants[0].gain_")])
  func unknownKey(member: String, path: String) throws {
    var small = SmallCase()
    if path.contains("variants") { small.variant = member } else { small.config = member }
    #expect(try small.failures() == ["\(path): not known here"])
  }

  @Test("refuses an unknown field of the case file, also in a list")
  func unknownField() throws {
    var small = SmallCase()
    small.fields = #", "author": "me""#
    #expect(try small.failures() == ["case.json.author: not known here"])
    small = SmallCase()
    small.input = #", "seed": 1"#
    #expect(try small.failures() == ["case.json.inputs[0].seed: not known here"])
  }

  @Test("refuses an unknown system or kind")
  func unknownKind() throws {
    var small = SmallCase()
    small.kind = "s2_bias"
    #expect(try small.failures() == ["no kind s2_bias of the system StyleGAN2-ADA is known"])
    small = SmallCase()
    small.system = "StyleGAN9"
    #expect(try small.failures() == ["no kind s2_bias_act of the system StyleGAN9 is known"])
  }

  @Test("refuses inputs of another shape before anything is computed")
  func wrongShape() throws {
    let small = SmallCase()
    let json = small.json.replacing(#""shape": [2, 3], "dim""#, with: #""shape": [3, 2], "dim""#)
    let folder = try TemporaryFolder()
    try small.write(to: folder)
    try folder.write(json, to: "small/case.json")
    #expect(folder.report("small").failures == ["x: expected shape [3, 2], found [2, 3]"])
  }

  @Test("refuses a list of expected names that is not the file's")
  func expectedNames() throws {
    var small = SmallCase()
    let folder = try TemporaryFolder()
    try small.write(to: folder)
    small.expected["z"] = ([1], [0])
    try folder.write(small.json, to: "small/case.json")
    #expect(
      folder.report("small").failures == [
        "z stands in one of case.json and expected.safetensors only"
      ])
  }

  @Test("computes clever paths and their plain references")
  func ways() {
    for name in ["s2_bias_act", "s2_upfirdn2d", "s2_conv2d_resample"] {
      let kind = ParityKind.named(name, of: "StyleGAN2-ADA")
      #expect(kind?.ways.map(\.name) == ["fused", "reference"])
    }
  }
}
