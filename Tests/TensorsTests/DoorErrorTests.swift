// What the door into libtorch says when a call fails.

import TestSupport
import Tensors
import Testing
import ThrowingOperators

/// The error of a call that must fail; records an issue if it does not.
private func failure(
  _ name: StaticString, _ arguments: any OperatorArgument...,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> TorchError {
  throwing_operators_register()
  let error = #expect(throws: TorchError.self, sourceLocation: sourceLocation) {
    // A parameter pack of existentials cannot be handed on, and no test needs more than four.
    switch arguments.count {
    case 1: try tryCall(name, arguments[0])
    case 2: try tryCall(name, arguments[0], arguments[1])
    case 3: try tryCall(name, arguments[0], arguments[1], arguments[2])
    default: try tryCall(name, arguments[0], arguments[1], arguments[2], arguments[3])
    }
  }
  return try #require(error, sourceLocation: sourceLocation)
}

@Suite("Errors of the door") struct DoorErrorTests {
  private let x = Tensor.ones([3])
  private let m = Tensor.ones([2, 3])

  @Test("names an operator that does not exist")
  func unknownOperator() throws {
    let error = try failure("aten::nope", x)
    #expect(error.description == "there is no operator of this name (aten::nope: Float[3])")
    #expect(!error.isOutOfMemory)
  }

  @Test("names an overload that does not exist")
  func unknownOverload() throws {
    let error = try failure("aten::add.Nope", x, x)
    #expect(
      error.description == "there is no operator of this name (aten::add.Nope: Float[3], Float[3])")
  }

  @Test("says the same when an unknown operator is called again")
  func unknownTwice() throws {
    let name: StaticString = "aten::twice"
    #expect(try failure(name, x).description == failure(name, x).description)
  }

  @Test("counts arguments that are too many")
  func tooMany() throws {
    let error = try failure("aten::relu", x, m)
    #expect(
      error.description
        == "takes at most 1 arguments, got 2 (aten::relu: Float[3], Float[2, 3])")
  }

  @Test("names an argument that is missing and has no default")
  func missing() throws {
    let error = try failure("aten::matmul", x)
    #expect(error.description == "argument `other` has no default (aten::matmul: Float[3])")
  }

  @Test("names an argument of another type, what it is and what was expected")
  func wrongType() throws {
    let error = try failure("aten::select.int", x, 0.5, 0)
    #expect(
      error.description
        == "argument `dim` is a number, expected int (aten::select.int: Float[3], 0.5, 0)")
  }

  @Test("refuses every kind of value where another is expected")
  func wrongTypes() {
    let values: [(any OperatorArgument, Set<String>)] = [
      (Tensor?.none, ["Tensor?", "Generator?"]), (true, ["bool", "number"]),
      (1, ["int", "float", "number"]),
      (0.5, ["float", "number"]), ("text", ["str"]), (x, ["Tensor", "Tensor?"]),
      ([1], ["int[]"]), ([0.5], []), ([true], ["bool[3]"]), ([x], ["Tensor[]"]),
      (Device.cpu, ["Device"]), (TorchGenerator(seed: 0), ["Generator?"]),
    ]
    let operators: [(type: String, call: (any OperatorArgument) throws -> [Tensor])] = [
      ("Tensor", { try tryCall("aten::relu", $0) }),
      ("Tensor?", { try tryCall("aten::linear", m, m, $0) }),
      ("bool", { try tryCall("aten::any.dim", x, 0, $0) }),
      ("number", { try tryCall("aten::leaky_relu", x, $0) }),
      ("int", { try tryCall("aten::unsqueeze", x, $0) }),
      ("float", { try tryCall("aten::dropout", x, $0, false) }),
      ("str", { try tryCall("aten::einsum", $0, [x]) }),
      ("int[]", { try tryCall("aten::zeros", $0) }),
      (
        "bool[3]",
        {
          try tryCall(
            "aten::convolution_backward", x, x, x, [0], [1], [0], [1], false, [0], 1, $0)
        }
      ),
      ("Tensor[]", { try tryCall("aten::stack", $0) }),
      ("Device", { try tryCall("aten::to.device", x, $0, DType.float32) }),
      ("Generator?", { try tryCall("aten::randn.generator", [1], $0) }),
    ]
    for (value, accepted) in values {
      for (type, call) in operators {
        var message = ""
        do { _ = try call(value) } catch { message = "\(error)" }
        // Accepted values may fail for other reasons: a text that is no equation, an axis out of
        // range.
        let isRefused = message.contains("argument `") && message.contains(", expected ")
        #expect(isRefused != accepted.contains(type), "\(value) for \(type): \(message)")
      }
    }
  }

  @Test("refuses a missing tensor in a list that allows none")
  func missingInList() throws {
    let error = #expect(throws: TorchError.self) {
      try tryCall("aten::stack", OptionalTensors([m, nil]))
    }
    #expect("\(try #require(error))".hasPrefix("a missing tensor in a list that allows none"))
  }

  @Test("repeats libtorch's words about shapes that do not fit, with the shapes")
  func shapeMismatch() throws {
    let error = try failure("aten::mm", m, m)
    #expect(
      error.description == """
        mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3) \
        (aten::mm: Float[2, 3], Float[2, 3])
        """)
  }

  @Test("shows tensors in lists, numbers and missing values")
  func context() throws {
    let error = try failure("aten::cat", [m, Tensor.ones([4, 4], dtype: .float64)], 0)
    #expect(error.description.hasSuffix(" (aten::cat: {Float[2, 3], Double[4, 4]}, 0)"))
  }

  @Test("gives a standard C++ exception's own text")
  func standardException() throws {
    let error = try failure("throwing::standard", m)
    #expect(error.description == "a standard exception (throwing::standard: Float[2, 3])")
  }

  @Test("makes one line of a text with several")
  func manyLines() throws {
    let error = try failure("throwing::lines", m)
    #expect(error.description == "the first line (throwing::lines: Float[2, 3])")
  }

  @Test("survives what is no exception class")
  func unknownException() throws {
    let error = try failure("throwing::unknown", m)
    #expect(error.description == "an exception of unknown type (throwing::unknown: Float[2, 3])")
  }

  @Test("refuses results that are not tensors")
  func otherResults() throws {
    let error = try failure("throwing::number", m)
    #expect(error.description.hasPrefix("a result of type Int; only tensors can be returned"))
  }

  @Test("refuses results that are not defined")
  func undefinedResults() {
    let none = Tensor?.none
    let error = #expect(throws: TorchError.self) {
      try tryCall(
        "aten::native_layer_norm_backward", m, m, [3], m, m, none, none, [false, false, false])
    }
    #expect(error?.description.hasPrefix("returned a tensor that is not defined") == true)
  }

  @Test("refuses more results than there is room for")
  func manyResults() throws {
    #expect(try tryCall("aten::split.Tensor", Tensor.zeros([256]), 1).count == 256)
    let error = try failure("aten::split.Tensor", Tensor.zeros([257]), 1)
    #expect(error.description.hasPrefix("returned 257 tensors, expected at most 256"))
  }

  @Test("tells memory that ran out from other errors, in a clean sentence")
  func outOfMemory() throws {
    // 2^50 bytes are more than the address space of any processor this runs on.
    let error = try failure("aten::zeros", [1 << 48])
    #expect(error.isOutOfMemory)
    #expect(error.description.hasPrefix("DefaultCPUAllocator: can't allocate memory"))
    #expect(error.description.hasSuffix("(aten::zeros: [281474976710656])"))
    #expect(try failure("throwing::memory", m).isOutOfMemory)
    #expect(try !failure("aten::zeros", [-1]).isOutOfMemory)
  }

  @Test("tells by its status, not by its words, whether oneDNN lacked memory")
  func primitives() throws {
    let (unmade, unfit) = (try failure("throwing::unmade", m), try failure("throwing::unfit", m))
    #expect(unmade.isOutOfMemory && !unfit.isOutOfMemory)
    #expect(unfit.description.hasPrefix("could not create a primitive (throwing::unfit"))
  }

  @Test("leaves out source files, failed conditions and lists of backends")
  func cleanSentences() throws {
    let messages = [
      try failure("aten::zeros", [1 << 48]), try failure("aten::to.device", x, Device.cuda(0), 6),
    ].map(\.description)
    for message in messages {
      #expect(!message.contains(".cpp:") && !message.contains(".h\":"), "\(message)")
      #expect(!message.contains("AutogradCPU") && message.count < 200, "\(message)")
    }
  }
}

/// A list of tensors of which some are missing.
struct OptionalTensors: OperatorArgument {
  let operatorValue: OperatorValue
  init(_ tensors: [Tensor?]) { operatorValue = .tensors(tensors) }
}
