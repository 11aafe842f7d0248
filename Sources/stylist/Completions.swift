// `stylist completions`: scripts with which shells complete command lines.

import ArgumentParser
import Workbench

/// Prints the script for a shell.
struct Completions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the script with which a shell completes commands and options.",
    discussion: """
      EXAMPLES
        stylist completions zsh > ~/.zsh/completions/_stylist
        stylist completions fish > ~/.config/fish/completions/stylist.fish
        echo 'source <(stylist completions bash)' >> ~/.bashrc

      Completes commands, options, names that Stylist knows, and files with the
      endings that an option can read. The script says how it is installed. It
      belongs to this version: print it again after an update.
      """)

  /// The shells.
  enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish
  }

  @Argument(help: ArgumentHelp("bash, zsh or fish.", valueName: "shell"))
  var shell: Shell

  func run() throws {
    try OutputOptions().printOut([Self.script(for: shell)])
  }

  /// The script, with a comment that says how to install it as its first or, where the shell gives
  /// the first line a meaning, second line.
  private static func script(for shell: Shell) -> String {
    switch shell {
    case .bash:
      return "# To install: echo 'source <(stylist completions bash)' >> ~/.bashrc\n"
        + Stylist.completionScript(for: .bash) + joinedOptions
    case .fish:
      return "# To install: stylist completions fish > ~/.config/fish/completions/stylist.fish\n"
        + Stylist.completionScript(for: .fish)
    case .zsh:
      let lines = Stylist.completionScript(for: .zsh).split(
        separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      let hint =
        "# To install: stylist completions zsh > DIR/_stylist, where DIR is a folder of $fpath"
      return ([lines[0], hint[...]] + lines.dropFirst()).joined(separator: "\n")
    }
  }
}

/// The end of bash's script: values behind `=` are completed as those behind a blank.
private let joinedOptions = #"""


  # Completes --option=value as --option value, whether or not bash divides words at the sign.
  _stylist_joined() {
      local -a words=()
      local -i index place=0
      local word prefix=''
      for index in "${!COMP_WORDS[@]}"; do
          word="${COMP_WORDS[index]}"
          if [[ "${word}" = '=' && "${words[*]: -1}" = --* ]]; then
              [[ "${index}" -lt "${COMP_CWORD}" ]] && continue
              word=''
          elif [[ "${word}" = --*=* ]]; then
              words+=("${word%%=*}")
              [[ "${index}" -eq "${COMP_CWORD}" ]] && prefix="${word%%=*}="
              word="${word#*=}"
          fi
          words+=("${word}")
          [[ "${index}" -eq "${COMP_CWORD}" ]] && place=$((${#words[@]} - 1))
      done
      local -a COMP_WORDS=("${words[@]}")
      local -i COMP_CWORD="${place}" COMP_POINT
      local COMP_LINE="${words[*]}"
      COMP_POINT="${#COMP_LINE}"
      _stylist "${1}" "${words[place]}" "${words[place > 0 ? place - 1 : 0]}"
      COMPREPLY=("${COMPREPLY[@]/#/${prefix}}")
  }

  complete -o filenames -F _stylist_joined stylist

  """#

extension CompletionKind {
  /// A checkpoint of any form.
  static var checkpoint: CompletionKind { .file(extensions: ["pkl", "pt", "pth", "safetensors"]) }
  /// A folder or archive of pictures.
  static var pictures: CompletionKind { .file(extensions: ["zip"]) }
}
