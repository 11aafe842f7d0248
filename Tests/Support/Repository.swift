// Where the tests' own repository lies.

/// The folder of the repository.
package let repository = #filePath
  .split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
