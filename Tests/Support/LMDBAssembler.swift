// A little assembler for LMDB databases: the tests spell out every page, valid and hostile.

package import Formats

/// An LMDB database being put together; whatever is not set agrees with the rest.
package struct LMDBAssembler {
  /// A pair of a key and a value.
  package struct Pair {
    package var key: [UInt8]
    package var value: [UInt8]
    package var flags: UInt16 = 0

    package init(_ key: String, _ value: [UInt8]) {
      (self.key, self.value) = (Array(key.utf8), value)
    }
  }

  package var pairs: [Pair]
  package var pageBytes = 4096
  /// Pairs in a leaf.
  package var leafPairs = 8
  /// Bytes from which on a value lies in pages of its own.
  package var longFrom = 1000
  package var magic: UInt32 = 0xBEEF_C0DE
  package var version: UInt32 = 1
  package var flags: UInt16 = 0
  /// How many pairs the record says there are; as many as there are, if nil.
  package var entries: UInt64?
  /// Bytes that take the place of others from an offset on.
  package var patches: [(offset: Int, bytes: [UInt8])] = []

  /// A database of these pairs, which must be in the order of their keys.
  package init(_ pairs: [(String, [UInt8])]) {
    self.pairs = pairs.map { Pair($0.0, $0.1) }
  }

  package var region: ByteRegion { ByteRegion(bytes, name: "test.mdb") }

  /// The finished file: two records, the leaves with their long values behind them, and a root.
  package var bytes: [UInt8] {
    var pages: [[UInt8]] = []
    var leaves: [(number: Int, key: [UInt8])] = []
    var overflowPages = 0
    for start in stride(from: 0, to: pairs.count, by: leafPairs) {
      let part = pairs[start..<min(start + leafPairs, pairs.count)]
      let number = pages.count + 2
      pages.append([])
      var nodes: [[UInt8]] = []
      for pair in part {
        let size = UInt32(pair.value.count)
        let isLong = pair.value.count >= longFrom
        var node = littleEndian(UInt16(truncatingIfNeeded: size))
        node += littleEndian(UInt16(truncatingIfNeeded: size >> 16))
        node += littleEndian(pair.flags | (isLong ? 1 : 0))
        node += littleEndian(UInt16(pair.key.count)) + pair.key
        if isLong {
          node += littleEndian(UInt64(pages.count + 2))
          let long = longPages(pair.value, number: pages.count + 2)
          overflowPages += long.count
          pages += long
        } else {
          node += pair.value
        }
        nodes.append(node + [UInt8](repeating: 0, count: node.count % 2))
      }
      pages[number - 2] = page(number, kind: 2, nodes)
      leaves.append((number, part.first?.key ?? []))
    }
    let hasBranch = leaves.count > 1
    if hasBranch {
      let nodes = leaves.enumerated().map { index, leaf -> [UInt8] in
        let number = UInt64(leaf.number)
        let key = index == 0 ? [] : leaf.key
        return littleEndian(UInt16(truncatingIfNeeded: number))
          + littleEndian(UInt16(truncatingIfNeeded: number >> 16))
          + littleEndian(UInt16(truncatingIfNeeded: number >> 32))
          + littleEndian(UInt16(key.count)) + key + [UInt8](repeating: 0, count: key.count % 2)
      }
      pages.append(page(pages.count + 2, kind: 1, nodes))
    }
    let root = pairs.isEmpty ? UInt64.max : UInt64(hasBranch ? pages.count + 1 : leaves[0].number)
    let counts = (hasBranch ? 1 : 0, leaves.count, overflowPages)
    var file = record(0, transaction: 0, root: .max, depth: 0, (0, 0, 0), entries: 0, last: 1)
    file += record(
      1, transaction: 1, root: root, depth: pairs.isEmpty ? 0 : hasBranch ? 2 : 1, counts,
      entries: entries ?? UInt64(pairs.count), last: pages.count + 1)
    file += pages.flatMap(\.self)
    for (offset, bytes) in patches {
      file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    return file
  }

  private func record(
    _ number: Int, transaction: UInt64, root: UInt64, depth: Int,
    _ pages: (branch: Int, leaf: Int, overflow: Int), entries: UInt64, last: Int
  ) -> [UInt8] {
    var bytes = littleEndian(UInt64(number)) + [0, 0, 8, 0, 0, 0, 0, 0]
    bytes += littleEndian(magic) + littleEndian(version) + littleEndian(UInt64(0))
    bytes += littleEndian(UInt64(1 << 30))
    // The table of free pages, which nobody reads, begins with the size of pages.
    bytes += littleEndian(UInt32(pageBytes)) + [UInt8](repeating: 0, count: 36)
    bytes += littleEndian(UInt64.max)
    bytes += littleEndian(UInt32(0)) + littleEndian(flags) + littleEndian(UInt16(depth))
    for count in [pages.branch, pages.leaf, pages.overflow] { bytes += littleEndian(UInt64(count)) }
    bytes += littleEndian(entries) + littleEndian(root) + littleEndian(UInt64(last))
    bytes += littleEndian(transaction)
    return bytes + [UInt8](repeating: 0, count: pageBytes - bytes.count)
  }

  /// A page whose nodes lie at its end, the first one last.
  private func page(_ number: Int, kind: UInt16, _ nodes: [[UInt8]]) -> [UInt8] {
    var (places, body) = ([UInt8](), [UInt8]())
    for node in nodes {
      body = node + body
      places += littleEndian(UInt16(pageBytes - body.count))
    }
    var bytes = littleEndian(UInt64(number)) + [0, 0] + littleEndian(kind)
    bytes += littleEndian(UInt16(16 + places.count)) + littleEndian(UInt16(pageBytes - body.count))
    bytes += places
    return bytes + [UInt8](repeating: 0, count: pageBytes - bytes.count - body.count) + body
  }

  private func longPages(_ value: [UInt8], number: Int) -> [[UInt8]] {
    let count = (16 + value.count + pageBytes - 1) / pageBytes
    var bytes = littleEndian(UInt64(number)) + [0, 0, 4, 0] + littleEndian(UInt32(count)) + value
    bytes += [UInt8](repeating: 0, count: count * pageBytes - bytes.count)
    return stride(from: 0, to: bytes.count, by: pageBytes).map {
      Array(bytes[$0..<$0 + pageBytes])
    }
  }
}
