// The last check of a pickle: no value contains itself, and none is nested too deeply.

/// Visits every node below `root` once, without recursion, and records its height.
/// - Throws: `FileError` if a node contains itself or has more than `nesting` levels above or
///   below it; a recursive walk of what passes is safe.
func checkShape(of root: PickleValue, nesting: Int, in bytes: ByteRegion) throws(FileError) {
  guard let node = root.node else { return }
  var path = [Visit(node)]
  while let visit = path.last {
    guard let child = visit.remaining.last else {
      visit.node.height = .known(visit.tallestChild + 1)
      path.removeLast()
      path.last?.tallestChild = max(path.last?.tallestChild ?? 0, visit.tallestChild + 1)
      continue
    }
    visit.remaining.removeLast()
    switch child.height {
    case .unseen:
      try checkDepth(path.count + 1, of: child, nesting, bytes)
      path.append(Visit(child))
    case .inProgress:
      throw error(at: child, in: bytes, expected: "values", found: "a value that contains itself")
    case .known(let height):
      try checkDepth(path.count + height, of: child, nesting, bytes)
      visit.tallestChild = max(visit.tallestChild, height)
    }
  }
}

/// A node on the way from the root to where the walk is.
private final class Visit {
  let node: PickleNode
  var remaining: [PickleNode]
  var tallestChild = 0

  init(_ node: PickleNode) {
    self.node = node
    remaining = node.children
    node.height = .inProgress
  }
}

private func checkDepth(
  _ depth: Int, of node: PickleNode, _ nesting: Int, _ bytes: ByteRegion
) throws(FileError) {
  guard depth <= nesting else {
    throw error(
      at: node, in: bytes, expected: "at most \(nesting) values inside one another",
      found: "more")
  }
}

private func error(
  at node: PickleNode, in bytes: ByteRegion, expected: String, found: String
) -> FileError {
  FileError(.damaged, file: bytes.name, offset: node.offset, expected: expected, found: found)
}
