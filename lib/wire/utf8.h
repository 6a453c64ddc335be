#pragma once
// Whether bytes are UTF-8 (RFC 3629), which JSON demands and file names, scripts and environments
// do not promise.

#include <cstddef>
#include <optional>
#include <string_view>

namespace wire {

/// Bytes of the character that the text, which is not empty, begins with; 0 if that is none.
std::size_t utf8_length(std::string_view text);

/// Where the first byte is that does not belong to a character.
std::optional<std::size_t> first_not_utf8(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace wire
