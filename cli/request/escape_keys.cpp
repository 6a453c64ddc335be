#include "cli/request/escape_keys.h"

namespace request {

namespace {

constexpr char escape = '\x1d';  // Ctrl-]
constexpr char leave = 'd';

}  // namespace

EscapeKeys::Typed EscapeKeys::take(std::string_view bytes) {
  Typed typed;
  for (const char key : bytes) {
    if (!is_escaped_) {
      is_escaped_ = key == escape;
      if (!is_escaped_) typed.bytes += key;
      continue;
    }
    is_escaped_ = false;
    if (key == leave) {
      typed.leaves = true;
      return typed;
    }
    typed.bytes += escape;
    if (key != escape) typed.bytes += key;
  }
  return typed;
}

}  // namespace request
