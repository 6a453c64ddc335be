#include "lib/base/result.h"

#include <array>
#include <cerrno>
#include <system_error>

#include "lib/base/check.h"

namespace base {

namespace {

struct Name {
  Code code;
  std::string_view text;
};

constexpr std::array names{
    Name{Code::invalid, "invalid"},
    Name{Code::not_found, "not_found"},
    Name{Code::conflict, "conflict"},
    Name{Code::denied, "denied"},
    Name{Code::exhausted, "exhausted"},
    Name{Code::unavailable, "unavailable"},
    Name{Code::io, "io"},
    Name{Code::corrupt, "corrupt"},
};

Code code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
      return Code::not_found;
    case EACCES:
    case EPERM:
      return Code::denied;
    case EEXIST:
      return Code::conflict;
    case ECONNREFUSED:
    case EAGAIN:
      return Code::unavailable;
    default:
      return Code::io;
  }
}

}  // namespace

std::string_view to_text(Code code) {
  for (const auto& name : names) {
    if (name.code == code) return name.text;
  }
  check(false, "every code has a name");
  return {};
}

std::optional<Code> code_from_text(std::string_view text) {
  for (const auto& name : names) {
    if (name.text == text) return name.code;
  }
  return std::nullopt;
}

Error Error::in(std::string_view context) const& {
  return {code, std::string(context) + ": " + text};
}

Error Error::in(std::string_view context) && {
  text.insert(0, std::string(context) + ": ");
  return std::move(*this);
}

std::unexpected<Error> fail(Code code, std::string text) {
  return std::unexpected(Error{code, std::move(text)});
}

std::unexpected<Error> fail_errno(int error_number, std::string_view what) {
  return fail(code_of_errno(error_number),
              std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace base
