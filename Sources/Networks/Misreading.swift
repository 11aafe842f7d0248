// What is wrong with JSON, in words for whoever has the file and not the program's source.

/// What a decoder stumbled over: the place, what was expected there, and what was found.
///
/// - Parameter error: What the decoder threw.
/// - Returns: The words; of an error that is no decoder's, its own.
package func misreading(_ error: any Error) -> String {
  func place(_ path: [any CodingKey], _ last: String? = nil) -> String {
    let names = path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
    return (names + [last].compactMap(\.self)).joined(separator: ".")
  }
  func expected(_ type: Any.Type) -> String {
    switch type {
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is Bool.Type: "true or false"
    case is String.Type: "text"
    case is any Sequence.Type: "a list"
    default: "an object"
    }
  }
  return switch error as? DecodingError {
  case .keyNotFound(let key, let context):
    "expected \(place(context.codingPath, key.stringValue)), found nothing of that name"
  case .typeMismatch(let type, let context):
    "\(place(context.codingPath)): expected \(expected(type)), found another kind of value"
  case .valueNotFound(let type, let context):
    "\(place(context.codingPath)): expected \(expected(type)), found null"
  case .dataCorrupted(let context) where context.codingPath.isEmpty:
    "expected JSON, found something else"
  case .dataCorrupted(let context):
    "\(place(context.codingPath)): found a value that cannot be"
  case nil: "\(error)"
  @unknown default: "found something else"
  }
}
