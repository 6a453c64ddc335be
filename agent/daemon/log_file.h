#pragma once
// Logs that programs of the site append to, which begin anew when they have grown too long.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace agentd {

/// 0 where there is none.
std::uint64_t size_of(const std::string& path);

/// The last bytes from `start` on.
std::string read_end(const std::string& path, std::uint64_t start, std::size_t limit);

/// The last bytes, as far back as the log before this one goes.
std::string read_log(const std::string& path, std::size_t limit);

/// What cannot be written is missing from it, which is all that says so.
void append_log(const std::string& path, std::string_view text);

constexpr std::uint64_t log_kept = std::uint64_t{1} << 20;  // then it is PATH.1

}  // namespace agentd
