// How the program ends where a file that is mapped into memory loses the bytes that are being read.

import Foundation

/// Ends the program with one line and 74 where the system has no bytes for a part of a mapped file:
/// somebody made it shorter, or its disk failed.
///
/// The handler may run between any two instructions, so it calls only `isatty`, `write` and `_exit`.
func endWhereFilesShrink() {
  signal(SIGBUS) { _ in
    let clearing: StaticString = "\r\u{1B}[K"
    let line: StaticString =
      "stylist: a file became shorter while it was read, or its disk failed\n"
    if isatty(2) == 1 { _ = write(2, clearing.utf8Start, clearing.utf8CodeUnitCount) }
    _ = write(2, line.utf8Start, line.utf8CodeUnitCount)
    _exit(74)
  }
}
