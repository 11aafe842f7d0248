// A tensor that a file will hold: type and shape now, the elements when their turn comes.

/// A tensor to be written; two entries of a file with the same instance may share its elements.
public final class TensorToWrite {
  /// The type of the elements.
  public let elementType: ElementType
  /// The length of each axis.
  public let shape: [Int]
  private let content: () throws -> ByteRegion

  /// A tensor whose elements `content` gives, row-major and little-endian.
  public init(
    elementType: ElementType, shape: [Int], content: @escaping () throws -> ByteRegion
  ) {
    precondition(
      shape.count <= StoredTensor.rankLimit && shape.allSatisfy { $0 >= 0 },
      "a tensor cannot be written with shape \(shape)")
    self.elementType = elementType
    self.shape = shape
    self.content = content
  }

  /// A tensor that a file or memory holds.
  public convenience init(_ tensor: StoredTensor) {
    self.init(elementType: tensor.elementType, shape: tensor.shape) { tensor.contiguousBytes() }
  }

  var elementCount: Int { shape.reduce(1, *) }
  var byteCount: Int { elementCount * elementType.byteCount }

  /// The elements, asked for now.
  func bytes() throws -> ByteRegion {
    let bytes = try content()
    precondition(
      bytes.count == byteCount,
      "\(elementType) \(shape) has \(byteCount) bytes, but its content \(bytes.count)")
    return bytes
  }
}
