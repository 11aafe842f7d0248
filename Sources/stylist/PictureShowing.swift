// Showing pictures in the terminal, where it can.

import ArgumentParser
import Foundation
import Workbench

/// Whether pictures are shown in the terminal.
struct ShowOptions: ParsableArguments {
  @Flag(help: "Show the sheet, or else the first picture, in a terminal that can show pictures.")
  var show = false

  /// Shows the last of the files if it is a sheet of the others, else the first.
  func show(_ written: [WrittenPicture]) {
    guard show, let first = written.first, let last = written.last else { return }
    showPicture(last.seed == nil ? last.file : first.file)
  }
}

/// Shows a picture where progress is shown; does nothing where that is no terminal, or one that
/// cannot show pictures.
func showPicture(_ file: String) {
  guard isatty(FileHandle.standardError.fileDescriptor) == 1 else { return }
  let named = TerminalPicture.named(in: ProcessInfo.processInfo.environment)
  guard let way = named ?? (terminalDrawsSixels() ? .sixel : nil),
    let bytes = try? way.bytes(showing: file)
  else { return }
  try? FileHandle.standardError.write(contentsOf: Data(bytes))
}

/// Asks the terminal, which answers at once if it knows the question.
private func terminalDrawsSixels() -> Bool {
  let environment = ProcessInfo.processInfo.environment
  let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
  guard terminal >= 0 else { return false }
  defer { close(terminal) }
  var before = termios()
  guard environment["TMUX"] == nil, environment["STY"] == nil, environment["TERM"] != "dumb",
    tcgetattr(terminal, &before) == 0
  else { return false }
  var raw = before
  raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
  guard tcsetattr(terminal, TCSAFLUSH, &raw) == 0 else { return false }
  defer { tcsetattr(terminal, TCSAFLUSH, &before) }
  let question = TerminalPicture.question
  guard write(terminal, question, question.count) == question.count else { return false }
  var answer: [UInt8] = []
  while answer.last != UInt8(ascii: "c"), answer.count < 256 {
    var waiting = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
    var byte: UInt8 = 0
    guard poll(&waiting, 1, 200) == 1, read(terminal, &byte, 1) == 1 else { break }
    answer.append(byte)
  }
  return TerminalPicture.drawsSixels(String(decoding: answer, as: UTF8.self))
}
