#pragma once
// What people write into scripts that is no mistake of form, and yet not what they mean.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/options/option.h"

namespace dialect {

/// What a line that looks like a directive but is none was probably meant to be: "#SBATCH" for
/// "#SBACTH -n 4".
std::optional<std::string_view> look_alike(std::string_view line);

/// The word in front of a directive of a scheduler whose directives are not read: "#BSUB".
std::optional<std::string_view> foreign_sentinel(std::string_view line);

/// A dash or a quote that a word processor has made: "an en dash (U+2013)".
std::optional<std::string_view> typographic(std::string_view text);

/// With blanks in place of no-break spaces.
std::string without_no_break_spaces(std::string_view text);

/// A value that was to be replaced: "<project>", "YOUR_ACCOUNT", "...", "HH:MM:SS".
bool is_placeholder(std::string_view value);
/// A part of a template in another language: "<%= n %>", "{{ n }}", "%NAME%".
bool is_template(std::string_view word);
/// "$NAME" or "${NAME" in it; nullopt: no shell would change it.
std::optional<std::string> shell_variable(std::string_view value);

/// What is odd about the first line of a script.
std::optional<std::string> oddity_of_interpreter(std::string_view line);

}  // namespace dialect
