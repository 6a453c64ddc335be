#include "lib/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace base {

void check_failed(std::string_view what, const std::source_location& where) {
  (void)std::fprintf(stderr, "%s:%u: %s: broken invariant: %.*s\n", where.file_name(),
                     static_cast<unsigned>(where.line()), where.function_name(),
                     static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace base
