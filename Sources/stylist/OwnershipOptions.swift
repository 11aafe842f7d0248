// The option to take codes and directions of another generator, which commands with such files share.

import ArgumentParser

/// Whose codes and directions are taken.
struct OwnershipOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Take codes and directions of another generator, too; they mean the same only if one was "
        + "trained from the other."))
  var anyGenerator = false

  /// The option as it would be typed.
  var spelling: [String] { anyGenerator ? ["--any-generator"] : [] }
}
