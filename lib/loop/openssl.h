#pragma once
// What everybody who calls OpenSSL needs.

namespace loop {

/// For std::unique_ptr: calls an OpenSSL function that frees.
template <auto free>
struct FreeWith {
  template <class Thing>
  void operator()(Thing* thing) const noexcept {
    free(thing);
  }
};

/// For functions that read PEM: without it, text from elsewhere can make OpenSSL ask whoever sits
/// at the terminal.
inline int no_password(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* /*data*/) {
  return -1;
}

}  // namespace loop
