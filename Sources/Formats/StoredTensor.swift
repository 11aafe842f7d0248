// A tensor as a file holds it: element type, shape, strides and a view of the file's bytes.

/// A tensor in host memory or in a mapped file; nothing is copied until its bytes are asked for.
public struct StoredTensor: Sendable {
  /// The largest number of axes.
  public static let rankLimit = 8
  /// How many bytes a tensor may lay out whose elements repeat those of a smaller storage.
  public static let repetitionLimit = 1 << 26

  /// The type of the elements.
  public let elementType: ElementType
  /// The length of each axis.
  public let shape: [Int]
  /// The distance between neighbours along each axis, in elements; 0 repeats an element.
  public let strides: [Int]
  /// The storage that the elements are in.
  public let bytes: ByteRegion
  /// The position of the first element in the storage, in elements.
  public let storageOffset: Int

  /// A view of a storage.
  /// - Throws: `FileError` of kind `damaged` unless every element lies inside `bytes`.
  public init(
    elementType: ElementType, shape: [Int], strides: [Int], bytes: ByteRegion,
    storageOffset: Int = 0
  ) throws(FileError) {
    self.elementType = elementType
    self.shape = shape
    self.strides = strides
    self.bytes = bytes
    self.storageOffset = storageOffset
    try validate()
  }

  /// A row-major tensor that fills a storage.
  /// - Throws: `FileError` of kind `damaged` unless `bytes` holds exactly the elements.
  public init(elementType: ElementType, shape: [Int], bytes: ByteRegion) throws(FileError) {
    try self.init(
      elementType: elementType, shape: shape, strides: rowMajorStrides(shape), bytes: bytes)
    guard byteCount == bytes.count else {
      throw bytes.error(
        at: 0, expected: "\(byteCount) bytes for \(elementType) \(shape)",
        found: "\(bytes.count) bytes")
    }
  }

  /// The number of elements.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The number of bytes that the elements take in row-major order.
  public var byteCount: Int { elementCount * elementType.byteCount }

  /// Whether the elements lie in the storage in row-major order without gaps.
  public var isContiguous: Bool {
    elementCount == 0
      || zip(shape, zip(strides, rowMajorStrides(shape))).allSatisfy { length, stride in
        length == 1 || stride.0 == stride.1
      }
  }
}

// MARK: - Checks at construction

extension StoredTensor {
  private func validate() throws(FileError) {
    guard shape.count <= Self.rankLimit else {
      throw damaged("at most \(Self.rankLimit) axes", found: "\(shape.count)")
    }
    guard strides.count == shape.count else {
      throw damaged("\(shape.count) strides for shape \(shape)", found: "\(strides.count)")
    }
    guard shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }), storageOffset >= 0 else {
      throw damaged("no negative size, stride or offset", found: geometry)
    }
    guard let laidOut = product(shape.filter { $0 > 0 } + [elementType.byteCount]) else {
      throw damaged("a size that 64 bits can count", found: geometry)
    }
    guard shape.contains(0) || laidOut <= max(bytes.count, Self.repetitionLimit) else {
      throw damaged("at most \(max(bytes.count, Self.repetitionLimit)) bytes", found: geometry)
    }
    guard let end = endOfLastElement(), end <= bytes.count else {
      throw damaged("elements inside a storage of \(bytes.count) bytes", found: geometry)
    }
  }

  /// The byte after the last element, or nil if it is too far away to be counted.
  private func endOfLastElement() -> Int? {
    guard !shape.contains(0) else {
      return product([storageOffset, elementType.byteCount])
    }
    var last = storageOffset
    for (length, stride) in zip(shape, strides) {
      guard let span = product([length - 1, stride]) else { return nil }
      let (sum, overflow) = last.addingReportingOverflow(span)
      guard !overflow else { return nil }
      last = sum
    }
    let (count, overflow) = last.addingReportingOverflow(1)
    return overflow ? nil : product([count, elementType.byteCount])
  }

  private var geometry: String {
    "\(elementType) \(shape) with strides \(strides) at element \(storageOffset)"
  }

  private func damaged(_ expected: String, found: String) -> FileError {
    bytes.error(at: 0, expected: expected, found: found)
  }
}

// MARK: - Laying out the elements

extension StoredTensor {
  /// The elements in row-major order: a slice of the storage if possible, else a copy.
  public func contiguousBytes() -> ByteRegion {
    let start = storageOffset * elementType.byteCount
    if isContiguous, let slice = try? bytes.slice(at: start, count: byteCount) { return slice }
    let copy = [UInt8](unsafeUninitializedCapacity: byteCount) { target, count in
      bytes.withUnsafeBytes { gather(from: $0, into: UnsafeMutableRawBufferPointer(target)) }
      count = byteCount
    }
    return ByteRegion(copy, name: bytes.name)
  }

  private func gather(
    from source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) {
    switch elementType.byteCount {
    case 1: gather(UInt8.self, from: source, into: target)
    case 2: gather(UInt16.self, from: source, into: target)
    case 4: gather(UInt32.self, from: source, into: target)
    default: gather(UInt64.self, from: source, into: target)
    }
  }

  /// Walks the elements like an odometer whose last wheel, the last axis, is the inner loop.
  private func gather<Unit: BitwiseCopyable>(
    _: Unit.Type, from source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) {
    let size = MemoryLayout<Unit>.size
    let width = shape.last ?? 1
    let step = strides.last ?? 1
    var index = [Int](repeating: 0, count: max(0, shape.count - 1))
    var row = storageOffset
    for base in stride(from: 0, to: elementCount, by: max(1, width)) {
      for column in 0..<width {
        let unit = source.loadUnaligned(
          fromByteOffset: (row + column * step) * size, as: Unit.self)
        target.storeBytes(of: unit, toByteOffset: (base + column) * size, as: Unit.self)
      }
      for axis in index.indices.reversed() {
        index[axis] += 1
        row += strides[axis]
        guard index[axis] == shape[axis] else { break }
        row -= shape[axis] * strides[axis]
        index[axis] = 0
      }
    }
  }
}

/// The strides of a row-major tensor, in elements.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1].multipliedReportingOverflow(by: shape[axis + 1]).partialValue
  }
  return strides
}

/// The product, or nil if it does not fit.
func product(_ factors: [Int]) -> Int? {
  var result = 1
  for factor in factors {
    let (value, overflow) = result.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    result = value
  }
  return result
}
