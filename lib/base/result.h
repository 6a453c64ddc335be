#pragma once
// Errors as values: a closed set of kinds and a sentence for the person who reads it.
// Whatever a user, a file, a peer or a disk can cause is an Error; a broken invariant is check().

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace base {

/// Kinds of errors; mapped in one place each to HTTP status (lib/http) and exit status (cli).
enum class Code {
  invalid,      // the request or the input is wrong and will always be
  not_found,    // the thing named does not exist
  conflict,     // the thing exists but is in another state
  denied,       // the caller may not
  exhausted,    // a limit of this cluster is reached
  unavailable,  // try again later: a peer is away
  io,           // the operating system or a disk said no
  corrupt,      // stored or received bytes make no sense
};

std::string_view to_text(Code code);
std::optional<Code> code_from_text(std::string_view text);

/// What went wrong: found, expected, and what to do; lower case, no full stop.
struct Error {
  Code code = Code::invalid;
  std::string text;

  /// The same error with context in front, from the outside in: "conf.toml: line 3: expected ...".
  Error in(std::string_view context) const&;
  Error in(std::string_view context) &&;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

/// An error ready to return: `return base::fail(Code::invalid, "...")`.
std::unexpected<Error> fail(Code code, std::string text);

/// The error of a failed system call, by errno: "cannot open '/x': No such file or directory".
std::unexpected<Error> fail_errno(int error_number, std::string_view what);

}  // namespace base
