#pragma once
// The house rules that a program can check. Each takes files and returns what breaks it; none reads
// a disk, so each is tested with a few lines of text. Exceptions stand in exempt.txt, each with its
// reason.

#include <span>

#include "tests/tidy/source.h"

namespace tidy {

/// Who may include whom, and which third-party headers are confined where (layers.cpp has the
/// table).
Findings check_layers(const Source& source);

/// Words that pure code must not contain: clocks, randomness, environment, threads, files, hash
/// order.
Findings check_pure(const Source& source);

/// Sizes of files, functions, parameter lists and lines.
Findings check_sizes(const Source& source);

/// Unfinished work, vague type names, code in comments, white space, ending processes by name.
Findings check_words(const Source& source);

/// `#pragma once`, then a sentence that says what the header is.
Findings check_header_opening(const Source& source);

/// A header includes what it names of the standard library.
Findings check_standard_includes(const Source& source);

/// Headers that include each other in a circle.
Findings check_cycles(std::span<const Source> tree);

/// A .cpp that no CMakeLists.txt names, a header that nobody includes, a script that
/// scripts/README.md does not list.
Findings check_dead_files(std::span<const Source> tree);

/// All of the above.
Findings check_tree(std::span<const Source> tree);

}  // namespace tidy
