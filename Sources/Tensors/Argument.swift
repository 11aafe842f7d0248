// Arguments of operators: Swift values that can stand on the dispatcher's stack.

import CTorch
import Foundation

/// A value that can be passed to an operator of libtorch.
public protocol OperatorArgument {
  /// The value as the door into libtorch takes it.
  var operatorValue: OperatorValue { get }
}

/// The kinds of values that operators take.
public enum OperatorValue {
  /// The schema's own default.
  case schemaDefault
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case tensor(Tensor)
  case ints([Int])
  case doubles([Double])
  case bools([Bool])
  /// A missing tensor is allowed where the operator's schema has optional tensors in its list.
  case tensors([Tensor?])
  case device(Device)
  case generator(TorchGenerator)
}

/// Stands for an argument that takes the default of the operator's schema.
public struct SchemaDefault: OperatorArgument {
  /// A placeholder for the schema's default value.
  public init() {}
  /// Says that the default is wanted.
  public var operatorValue: OperatorValue { .schemaDefault }
}

extension Bool: OperatorArgument {
  /// A truth value.
  public var operatorValue: OperatorValue { .bool(self) }
}

extension Int: OperatorArgument {
  /// An integer, or a number where the schema wants one.
  public var operatorValue: OperatorValue { .int(self) }
}

extension Double: OperatorArgument {
  /// A number.
  public var operatorValue: OperatorValue { .double(self) }
}

extension String: OperatorArgument {
  /// Text.
  public var operatorValue: OperatorValue { .string(self) }
}

extension Tensor: OperatorArgument {
  /// A tensor.
  public var operatorValue: OperatorValue { .tensor(self) }
}

extension Device: OperatorArgument {
  /// A device.
  public var operatorValue: OperatorValue { .device(self) }
}

extension TorchGenerator: OperatorArgument {
  /// A random generator.
  public var operatorValue: OperatorValue { .generator(self) }
}
extension DType: OperatorArgument {
  /// The number that libtorch gives the type.
  public var operatorValue: OperatorValue { .int(Int(scalarType.rawValue)) }
}
extension Optional: OperatorArgument where Wrapped: OperatorArgument {
  /// The value, or none.
  public var operatorValue: OperatorValue { self?.operatorValue ?? .none }
}
extension Array: OperatorArgument where Element: OperatorListElement {
  /// The list as one argument.
  public var operatorValue: OperatorValue { Element.list(self) }
}

/// A value that operators take lists of.
public protocol OperatorListElement {
  /// The list as one argument.
  static func list(_ elements: [Self]) -> OperatorValue
}

extension Int: OperatorListElement {
  /// A list of integers, such as a shape.
  public static func list(_ elements: [Int]) -> OperatorValue { .ints(elements) }
}
extension Double: OperatorListElement {
  /// A list of numbers.
  public static func list(_ elements: [Double]) -> OperatorValue { .doubles(elements) }
}
extension Bool: OperatorListElement {
  /// A list of truth values.
  public static func list(_ elements: [Bool]) -> OperatorValue { .bools(elements) }
}
extension Tensor: OperatorListElement {
  /// A list of tensors.
  public static func list(_ elements: [Tensor]) -> OperatorValue { .tensors(elements) }
}

/// The C values of one call, with the tensors, generators, lists and strings that they borrow.
struct ArgumentStack: ~Copyable {
  private(set) var values: [CTorchValue] = []
  private var arguments: [OperatorValue] = []
  private var borrowed: [UnsafeMutableRawPointer] = []

  init(_ all: [any OperatorArgument]) {
    values.reserveCapacity(all.count)
    arguments.reserveCapacity(all.count)
    for argument in all { push(argument.operatorValue) }
  }

  deinit { borrowed.forEach { free($0) } }

  private mutating func push(_ argument: OperatorValue) {
    arguments.append(argument)
    var value = CTorchValue()
    switch argument {
    case .schemaDefault: value.tag = CTorchTagDefault
    case .none: value.tag = CTorchTagNone
    case .bool(let boolean): (value.tag, value.boolean) = (CTorchTagBool, boolean)
    case .int(let integer): (value.tag, value.integer) = (CTorchTagInt, Int64(integer))
    case .double(let real): (value.tag, value.real) = (CTorchTagDouble, real)
    case .string(let text): (value.tag, value.string) = (CTorchTagString, keep(text))
    case .tensor(let tensor): (value.tag, value.tensor) = (CTorchTagTensor, tensor.handle)
    case .ints(let list):
      value.tag = CTorchTagIntList
      (value.integers, value.count) = (keep(list.map(Int64.init)), Int64(list.count))
    case .doubles(let list):
      (value.tag, value.reals, value.count) = (CTorchTagDoubleList, keep(list), Int64(list.count))
    case .bools(let list):
      (value.tag, value.booleans, value.count) = (CTorchTagBoolList, keep(list), Int64(list.count))
    case .tensors(let list):
      value.tag = CTorchTagTensorList
      (value.tensors, value.count) = (keep(list.map { $0?.handle }), Int64(list.count))
    case .device(let device): (value.tag, value.string) = (CTorchTagDevice, keep("\(device)"))
    case .generator(let generator):
      (value.tag, value.generator) = (CTorchTagGenerator, generator.handle)
    }
    values.append(value)
  }

  private mutating func keep(_ text: String) -> UnsafePointer<CChar>? {
    let copy = strdup(text)
    if let copy { borrowed.append(copy) }
    return UnsafePointer(copy)
  }

  private mutating func keep<Element>(_ list: [Element]) -> UnsafePointer<Element>? {
    let bytes = list.count * MemoryLayout<Element>.stride
    guard bytes > 0, let memory = malloc(bytes) else { return nil }
    borrowed.append(memory)
    let copy = memory.bindMemory(to: Element.self, capacity: list.count)
    copy.initialize(from: list, count: list.count)
    return UnsafePointer(copy)
  }
}
