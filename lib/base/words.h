#pragma once
// Splitting a line into words, exactly as sbatch does with a directive (src/sbatch/opt.c of Slurm).

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace base {

/// Words lie between white space; '...' and "..." group; a backslash takes the next character as it
/// is, inside quotes too; an unquoted '#' anywhere ends the line.
/// errors: invalid for an open quote, and for a word that begins with ':'
Result<std::vector<std::string>> split_words(std::string_view line);

/// The text as one word of a shell, in single quotes, whatever is in it.
std::string shell_word(std::string_view text);

}  // namespace base
