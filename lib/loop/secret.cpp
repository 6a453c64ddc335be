#include "lib/loop/secret.h"

#include <sys/random.h>

#include "lib/base/check.h"
#include "lib/loop/hex.h"

namespace loop {

std::string random_hex(std::size_t n_bytes) {
  std::string bytes(n_bytes, '\0');
  for (std::size_t had = 0; had < n_bytes;) {
    const ssize_t n = getrandom(bytes.data() + had, n_bytes - had, 0);
    base::check(n > 0, "the kernel gives random bytes");
    had += static_cast<std::size_t>(n);
  }
  return to_hex(bytes);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

}  // namespace loop
